import { describe, expect, it, jest } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, USER_SCOPE, warm } from '../../test/support/token-life.js';
import { MINUTE_MS } from '../common/durations.js';

/** A slow machine takes a while for ten thousand callers. No test sleeps. */
jest.setTimeout(60_000);

describe('a cold cache', () => {
  it('makes one call for 10,000 concurrent callers, who all get its token', async () => {
    const life = TokenLife.onManualClock();
    const outcomes = life.askAll(10_000);
    await life.clock.advanceAsync(10);
    expect(new Set((await outcomes).map(({ token }) => token)).size).toBe(1);
    expect(life.calls).toHaveLength(1);
  });

  it('fails all concurrent callers when the call fails, with the code of the failure and the wait that follows', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    const outcomes = life.askAll(100);
    await life.clock.advanceAsync(10);
    for (const outcome of await outcomes) {
      expect(failureOf(outcome)).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 500 });
    }
    expect(life.calls).toHaveLength(1);
  });

  it('fetches a separate token for each expiryMins', async () => {
    const life = TokenLife.onManualClock();
    const outcomes = life.askAll(10, (index) => ({ expiryMins: index % 2 === 0 ? 30 : 60 }));
    await life.clock.advanceAsync(10);
    expect(new Set((await outcomes).map(({ token }) => token)).size).toBe(2);
    expect(life.calls.map(({ entry }) => entry)).toEqual(['30/', '60/']);
  });

  it('fetches a token for each user’s extId, and hands each user only this token', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    const outcomes = life.askAll(30, (index) => ({ extId: `user-${index % 3}` }));
    await life.clock.advanceAsync(10);
    expect(life.calls.map(({ entry }) => entry)).toEqual(['60/user-0', '60/user-1', '60/user-2']);
    (await outcomes).forEach(({ token = '' }, index) => {
      expect(life.vendor.issued.get(token)?.entry).toBe(`60/user-${index % 3}`);
    });
  });
});

describe('cache: false', () => {
  it('holds no token, but concurrent callers share one call', async () => {
    const life = TokenLife.onManualClock({ options: { cache: false } });
    for (let round = 1; round <= 3; round += 1) {
      const outcomes = life.askAll(100);
      await life.clock.advanceAsync(10);
      expect(new Set((await outcomes).map(({ token }) => token)).size).toBe(1);
      expect(life.calls).toHaveLength(round);
      expect(life.service.status()).toMatchObject({ heldTokens: 0, tokens: [] });
    }
  });

  it('obeys the backoff', async () => {
    const life = TokenLife.onManualClock({ options: { cache: false } });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    await askAndPass(life);
    expect(failureOf(await askAndPass(life)).retryAfterMs).toBe(490 - 9 + 10);
    expect(life.calls).toHaveLength(1);
  });
});

describe('a caller', () => {
  it('who aborts is released at once with the signal’s reason, and the others get the token', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'slow', requestMs: 500, responseMs: 500 };
    const abort = new AbortController();
    const aborted = life.ask({ signal: abort.signal });
    const patient = life.ask();
    await life.clock.advanceAsync(200);
    abort.abort(new Error('the client went away'));
    expect(await aborted).toMatchObject({ error: abort.signal.reason, waitedMs: 200 });
    await life.clock.advanceAsync(1_000);
    expect((await patient).error).toBeUndefined();
    expect(life.calls).toHaveLength(1);
  });

  it('who aborts while no other waits leaves the token to the next caller', async () => {
    const life = TokenLife.onManualClock();
    const abort = new AbortController();
    const aborted = life.ask({ signal: abort.signal });
    abort.abort();
    expect((await aborted).error).toBe(abort.signal.reason);
    await life.clock.advanceAsync(10);
    expect(await askAndPass(life, 0)).toMatchObject({ error: undefined, waitedMs: 0 });
    expect(life.calls).toHaveLength(1);
  });

  it('who comes with an aborted signal causes no call', async () => {
    const life = TokenLife.onManualClock();
    const outcome = await askAndPass(life, 10, { signal: AbortSignal.abort('too late') });
    expect(outcome.error).toBe('too late');
    expect(life.calls).toHaveLength(0);
  });

  it('whose signal never aborts leaves no listener on it', async () => {
    const life = TokenLife.onManualClock();
    const listeners: string[] = [];
    const { signal } = new AbortController();
    const remove = signal.removeEventListener.bind(signal);
    Object.assign(signal, {
      removeEventListener: (type: string, listener: () => void) => {
        listeners.push(type);
        remove(type, listener);
      },
    });
    await askAndPass(life, 10, { signal });
    expect(listeners).toEqual(['abort']);
  });

  it.each([
    { has: 'an expiryMins below 30', scope: 'client', request: { expiryMins: 29 } },
    { has: 'an expiryMins above 1440', scope: 'client', request: { expiryMins: 1441 } },
    { has: 'an expiryMins that is not an integer', scope: 'client', request: { expiryMins: 30.5 } },
    { has: 'an extId in client scope', scope: 'client', request: { extId: 'ada' } },
    { has: 'no extId in user scope', scope: 'user', request: {} },
    { has: 'an empty extId', scope: 'user', request: { extId: '' } },
    { has: 'an extId of 101 characters', scope: 'user', request: { extId: 'x'.repeat(101) } },
    { has: 'an extId that is not a string', scope: 'user', request: { extId: 7 as unknown as string } },
  ])('is refused when the request has $has', async ({ scope, request }) => {
    const options = scope === 'user' ? USER_SCOPE : {};
    const life = TokenLife.onManualClock({ options });
    expect(failureOf(await askAndPass(life, 10, request)).code).toBe('NUDGE_INVALID_REQUEST');
    await expect(life.service.invalidate(request)).rejects.toMatchObject({ code: 'NUDGE_INVALID_REQUEST' });
    expect(life.calls).toHaveLength(0);
  });

  it('gets NUDGE_DISABLED while the kill switch is off, and the module sends no call', async () => {
    let isEnabled = true;
    const life = TokenLife.onManualClock({ options: { enabled: () => isEnabled } });
    const held = await warm(life);
    isEnabled = false;
    await life.clock.advanceAsync(31 * MINUTE_MS);
    expect(failureOf(await askAndPass(life)).code).toBe('NUDGE_DISABLED');
    expect(failureOf(await askAndPass(life, 10, { forceRefresh: true })).code).toBe('NUDGE_DISABLED');
    expect(life.service.status().enabled).toBe(false);
    expect(life.calls).toHaveLength(1);
    isEnabled = true;
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    expect(await warm(life)).toBe(held);
  });
});

describe('maxEntries', () => {
  const options = { ...USER_SCOPE, cache: { maxEntries: 3 } };

  it('bounds the held tokens: the token of the user who asked least recently goes first', async () => {
    const life = TokenLife.onManualClock({ options });
    for (const extId of ['a', 'b', 'c']) await warm(life, { extId });
    await warm(life, { extId: 'a' });
    await warm(life, { extId: 'd' });
    expect(life.service.status()).toMatchObject({ heldTokens: 3, tokens: [] });
    for (const extId of ['a', 'c', 'd']) await warm(life, { extId });
    expect(life.calls).toHaveLength(4);
    await warm(life, { extId: 'b' });
    expect(life.calls).toHaveLength(5);
  });

  it('does not cause a second fetch when a user’s entry is evicted during its renewal', async () => {
    const life = TokenLife.onManualClock({ options });
    life.vendor.behaviour = { kind: 'slow', requestMs: 50, responseMs: 50 };
    const outcomes = life.askAll(40, (index) => ({ extId: `user-${index % 20}` }));
    await life.clock.advanceAsync(200);
    expect((await outcomes).every(({ error }) => error === undefined)).toBe(true);
    expect(life.calls).toHaveLength(20);
    expect(life.service.status().heldTokens).toBe(3);
  });
});
