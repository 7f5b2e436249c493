import { describe, expect, it } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, USER_SCOPE, warm } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';

describe('forceRefresh', () => {
  it('returns a token whose renewal began after the call, the same one to all concurrent callers', async () => {
    const life = TokenLife.onManualClock();
    const held = await warm(life);
    await life.clock.advanceAsync(SECOND_MS);
    const outcomes = life.askAll(1_000, () => ({ forceRefresh: true }));
    await life.clock.advanceAsync(10);
    const tokens = new Set((await outcomes).map(({ token }) => token));
    expect([tokens.size, tokens.has(held)]).toEqual([1, false]);
    expect(life.calls).toHaveLength(2);
    expect(await warm(life)).toBe([...tokens][0]);
  });

  it('does not return the token of a renewal that began before the call', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'slow', requestMs: 500, responseMs: 500 };
    const early = life.ask();
    await life.clock.advanceAsync(100);
    const forced = life.askAll(10, () => ({ forceRefresh: true }));
    await life.clock.advanceAsync(3_000);
    const earlyToken = (await early).token;
    const tokens = new Set((await forced).map(({ token }) => token));
    expect([tokens.size, tokens.has(earlyToken)]).toEqual([1, false]);
    expect(life.calls).toHaveLength(2);
  });

  it('rejects and does not return the old token when the renewal fails, and obeys the backoff that follows', async () => {
    const life = TokenLife.onManualClock();
    const held = await warm(life);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    expect(failureOf(await askAndPass(life, 10, { forceRefresh: true })).code).toBe('NUDGE_UNAVAILABLE');
    const refused = failureOf(await askAndPass(life, 10, { forceRefresh: true }));
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(life.calls).toHaveLength(2);
    expect(await warm(life)).toBe(held);
  });

  it('is refused for a user who got a token less than 30 s ago', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    await warm(life, { extId: 'ada' });
    const refused = failureOf(await askAndPass(life, 0, { extId: 'ada', forceRefresh: true }));
    expect(refused).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryAfterMs: 30_000 - 9 });
    await life.clock.advanceAsync(refused.retryAfterMs ?? 0);
    expect((await askAndPass(life, 10, { extId: 'ada', forceRefresh: true })).error).toBeUndefined();
    expect(life.calls).toHaveLength(2);
  });

  it('reports the longer of two waits, the backoff and the 30 s of one user', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'aged', ageMs: 2 * HOUR_MS };
    const refused = failureOf(await askAndPass(life, 10, { extId: 'ada' }));
    expect(refused).toMatchObject({ code: 'NUDGE_BAD_RESPONSE', retryAfterMs: 30_000 });
    await life.clock.advanceAsync(29_000);
    expect(failureOf(await askAndPass(life, 0, { extId: 'ada' }))).toMatchObject({
      code: 'NUDGE_BAD_RESPONSE',
    });
    expect(life.calls).toHaveLength(1);
  });
});

describe('invalidate', () => {
  it('drops the held token', async () => {
    const life = TokenLife.onManualClock();
    const before = await warm(life);
    await life.service.invalidate();
    expect(life.service.status().heldTokens).toBe(0);
    expect(await warm(life)).not.toBe(before);
    expect(life.eventsOf('invalidated')).toHaveLength(1);
  });

  it('drops only the token of the given expiryMins', async () => {
    const life = TokenLife.onManualClock();
    const short = await warm(life, { expiryMins: 30 });
    const long = await warm(life);
    await life.service.invalidate({ expiryMins: 30 });
    expect(await warm(life)).toBe(long);
    expect(await warm(life, { expiryMins: 30 })).not.toBe(short);
  });

  it('drops the renewal under way, gives its callers a newer token, and makes one call at a time', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'slow', requestMs: 500, responseMs: 500 };
    const before = life.askAll(5);
    await life.clock.advanceAsync(100);
    await life.service.invalidate();
    const after = life.askAll(5);
    await life.clock.advanceAsync(3_000);
    const [dropped] = [...life.vendor.issued.keys()];
    for (const { token } of [...(await before), ...(await after)]) {
      expect(token).toBeDefined();
      expect(token).not.toBe(dropped);
    }
    expect(life.calls).toHaveLength(2);
  });

  it('does not end a backoff', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 30_000 };
    await askAndPass(life);
    await life.service.invalidate();
    expect(failureOf(await askAndPass(life)).code).toBe('NUDGE_UNAVAILABLE');
    expect(life.calls).toHaveLength(1);
  });
});

describe('closing', () => {
  it('finishes the renewal under way and begins no other', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'slow', requestMs: 500, responseMs: 500 };
    const outcome = life.ask();
    await life.clock.advanceAsync(100);
    const closed = life.cache.close();
    const late = await askAndPass(life, 0);
    expect(failureOf(late)).toMatchObject({
      code: 'NUDGE_UNAVAILABLE',
      message: 'The application is closing',
    });
    await life.clock.advanceAsync(1_000);
    await closed;
    expect((await outcome).error).toBeUndefined();
    expect(life.clock.pendingMs).toEqual([]);
    expect(failureOf(await askAndPass(life, 0)).message).toBe('The application is closing');
    expect(life.calls).toHaveLength(1);
  });

  it('ends within the deadline when the vendor never answers', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'hanging' };
    const outcome = life.ask();
    await life.clock.advanceAsync(100);
    const closed = life.cache.close();
    await life.clock.advanceAsync(6_900);
    await closed;
    expect(failureOf(await outcome).code).toBe('NUDGE_TIMEOUT');
    expect(life.clock.pendingMs).toEqual([]);
  });

  it('ends within the deadline that began with the first caller, not with the close', async () => {
    const life = TokenLife.onManualClock({ options: { http: { deadlineMs: 7_000 } } });
    life.vendor.behaviour = { kind: 'hanging' };
    const first = life.ask();
    await life.clock.advanceAsync(3_000);
    const joined = life.ask();
    let closedAtMs: number | undefined;
    void life.cache.close().then(() => (closedAtMs = life.clock.now().monotonicMs));
    await life.clock.advanceAsync(10_000);
    expect(closedAtMs).toBe(7_000);
    expect([(await first).waitedMs, (await joined).waitedMs]).toEqual([7_000, 4_000]);
  });

  it('fails a caller whose renewal was dropped, and begins no other renewal for this caller', async () => {
    const life = TokenLife.onManualClock();
    await warm(life);
    await life.clock.advanceAsync(31 * MINUTE_MS);
    life.vendor.behaviour = { kind: 'slow', requestMs: 100, responseMs: 100 };
    const outcome = life.ask();
    await life.clock.advanceAsync(10);
    await life.service.invalidate();
    const closed = life.cache.close();
    await life.clock.advanceAsync(SECOND_MS);
    await closed;
    expect(failureOf(await outcome).message).toBe('The application is closing');
    expect(life.calls).toHaveLength(2);
  });
});
