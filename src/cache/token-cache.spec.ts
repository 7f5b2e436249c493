import { describe, expect, it, jest } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, type AskOutcome } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';

/** A slow machine takes a while for ten thousand callers. No test sleeps. */
jest.setTimeout(60_000);

/** A random sequence that is the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function warm(life: TokenLife, request = {}): Promise<string | undefined> {
  return (await askAndPass(life, 10, request)).token;
}

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
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    const outcomes = life.askAll(30, (index) => ({ extId: `user-${index % 3}` }));
    await life.clock.advanceAsync(10);
    expect(life.calls.map(({ entry }) => entry)).toEqual(['60/user-0', '60/user-1', '60/user-2']);
    (await outcomes).forEach(({ token = '' }, index) => {
      expect(life.vendor.issued.get(token)?.entry).toBe(`60/user-${index % 3}`);
    });
  });
});

describe('a renewal', () => {
  /** Holds a token of one hour; from now on the vendor takes three seconds to answer. */
  async function dueAfter(ageMs: number, settings = {}): Promise<TokenLife> {
    const life = TokenLife.onManualClock(settings);
    await warm(life);
    await life.clock.advanceAsync(ageMs);
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_500, responseMs: 1_500 };
    return life;
  }

  it('makes none of 10,000 callers wait while at least half of the token’s life is left', async () => {
    const life = await dueAfter(29 * MINUTE_MS);
    const [held] = [...life.vendor.issued.keys()];
    const outcomes = life.askAll(10_000);
    await life.clock.advanceAsync(0);
    expect((await outcomes).every(({ token, waitedMs }) => token === held && waitedMs === 0)).toBe(true);
    await life.clock.advanceAsync(4_000);
    expect(life.calls).toHaveLength(2);
    expect(await warm(life)).not.toBe(held);
  });

  it.each([500, 0, 5_000])(
    'makes none of 10,000 callers wait longer than maxWaitMs = %d while less than half of the token’s life is left',
    async (maxWaitMs) => {
      const life = await dueAfter(31 * MINUTE_MS, { options: { cache: { maxWaitMs } } });
      const [held] = [...life.vendor.issued.keys()];
      const outcomes = life.askAll(10_000);
      await life.clock.advanceAsync(6_000);
      for (const { token, waitedMs } of await outcomes) {
        expect(waitedMs).toBe(Math.min(maxWaitMs, 3_000));
        expect(token === held).toBe(maxWaitMs < 3_000);
      }
      expect(life.calls).toHaveLength(2);
    },
  );

  it('makes no caller wait while a backoff runs', async () => {
    const life = await dueAfter(31 * MINUTE_MS);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 20_000 };
    await warm(life);
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_500, responseMs: 1_500 };
    expect(await askAndPass(life)).toMatchObject({ waitedMs: 0, error: undefined });
    expect(life.calls).toHaveLength(2);
  });

  it('makes every caller wait when the token has less than minRemainingMs left', async () => {
    const life = await dueAfter(59 * MINUTE_MS + 10 * SECOND_MS);
    const outcomes = life.askAll(1_000);
    await life.clock.advanceAsync(4_000);
    for (const { waitedMs, token } of await outcomes) {
      expect(waitedMs).toBe(3_000);
      expect(token).toBe([...life.vendor.issued.keys()][1]);
    }
  });

  it('takes place once a minute under constant load, in client scope', async () => {
    const life = TokenLife.onManualClock();
    for (let second = 0; second < 600; second += 1) await askAndPass(life, SECOND_MS);
    expect(life.calls).toHaveLength(10);
  });

  it('takes place at half of the token’s life, in user scope', async () => {
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    for (let minute = 0; minute < 60; minute += 1) await askAndPass(life, MINUTE_MS, { extId: 'ada' });
    expect(life.calls).toHaveLength(2);
  });
});

describe('an hour without Nudge, with tokens of 60 minutes and a caller every second', () => {
  /**
   * Full jitter with a ceiling of one minute waits half a minute on average. So about 120 attempts fall into an hour,
   * and a few more before the wait reaches the ceiling. Three standard deviations above that sum stay below this bound.
   */
  const MOST_ATTEMPTS = 160;

  interface Hour {
    readonly outcomes: { readonly atMs: number; readonly outcome: AskOutcome }[];
    readonly attempts: number;
    readonly life: TokenLife;
    readonly downAtMs: number;
  }

  async function anHourWithout(seed: number): Promise<Hour> {
    const life = TokenLife.onManualClock({ random: seeded(seed) });
    await warm(life);
    const downAtMs = life.clock.now().monotonicMs;
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    const outcomes: Hour['outcomes'] = [];
    while (life.clock.now().monotonicMs < downAtMs + HOUR_MS) {
      const atMs = life.clock.now().monotonicMs;
      outcomes.push({ atMs, outcome: await askAndPass(life, SECOND_MS) });
    }
    return { outcomes, attempts: life.calls.length - 1, life, downAtMs };
  }

  it.each([1, 2, 3, 4, 5])(
    'fails no caller before the token has only minRemainingMs left (random seed %d)',
    async (seed) => {
      const { outcomes, attempts, life } = await anHourWithout(seed);
      const [held] = life.delivered;
      const goodUntilMs = outcomes[0]?.atMs ?? 0;
      for (const { atMs, outcome } of outcomes) {
        const leftMs = HOUR_MS - SECOND_MS - (atMs - goodUntilMs);
        if (leftMs > 62 * SECOND_MS) expect(outcome.token).toBe(held?.token);
        if (leftMs < 58 * SECOND_MS) expect(failureOf(outcome).code).toBe('NUDGE_UNAVAILABLE');
      }
      expect(attempts).toBeGreaterThan(60);
      expect(attempts).toBeLessThanOrEqual(MOST_ATTEMPTS);
    },
  );

  it('tells callers the right time of the next attempt: none comes before it, one comes after it', async () => {
    const { life } = await anHourWithout(6);
    for (let round = 0; round < 20; round += 1) {
      const { retryAfterMs = 0 } = failureOf(await askAndPass(life, 2));
      if (retryAfterMs < 10) continue;
      const attempts = life.calls.length;
      await life.clock.advanceAsync(retryAfterMs - 5);
      expect(failureOf(await askAndPass(life, 0)).code).toBe('NUDGE_UNAVAILABLE');
      expect(life.calls).toHaveLength(attempts);
      await life.clock.advanceAsync(5);
      await askAndPass(life, 2);
      expect(life.calls).toHaveLength(attempts + 1);
    }
  });

  it.each([7, 8, 9])(
    'ends within one wait of the backoff when Nudge is back (random seed %d)',
    async (seed) => {
      const { life } = await anHourWithout(seed);
      life.vendor.behaviour = { kind: 'well' };
      const backAtMs = life.clock.now().monotonicMs;
      while ((await askAndPass(life, SECOND_MS)).token === undefined);
      expect(life.clock.now().monotonicMs - backAtMs).toBeLessThanOrEqual(MINUTE_MS + 2 * SECOND_MS);
      expect(life.eventsOf('recovered')).toHaveLength(1);
    },
  );
});

describe('with a wrong or moving clock, the cache', () => {
  async function playAnHour(life: TokenLife, nowByVendorMs: () => number): Promise<void> {
    for (let step = 0; step < 4 * 60; step += 1) {
      const { token = '' } = await askAndPass(life, 15 * SECOND_MS);
      const expiresAtMs = life.vendor.issued.get(token)?.expiresAtMs ?? Number.NaN;
      expect(expiresAtMs).toBeGreaterThanOrEqual(nowByVendorMs() - 15 * SECOND_MS + MINUTE_MS);
    }
  }

  it.each([-10, 10])(
    'hands out no expired token and does not fetch in a loop when the vendor’s clock is %d minutes ahead',
    async (minutes) => {
      const vendorAheadMs = minutes * MINUTE_MS;
      const life = TokenLife.onManualClock({ vendorAheadMs });
      await playAnHour(life, () => life.clock.now().wallMs + vendorAheadMs);
      expect(life.calls.length).toBeLessThanOrEqual(61);
      expect(life.service.status().skewMs).toBeGreaterThan(vendorAheadMs - 2_000);
      expect(life.service.status().skewMs).toBeLessThanOrEqual(vendorAheadMs + 2_000);
    },
  );

  it.each([
    { is: 'set back an hour', stepMs: -HOUR_MS },
    { is: 'set ahead an hour', stepMs: HOUR_MS },
  ])('makes at most one more renewal when the wall clock is $is', async ({ stepMs }) => {
    const clock = new ManualClock();
    const life = TokenLife.onManualClock({}, clock);
    await warm(life);
    await clock.advanceAsync(20 * SECOND_MS);
    clock.stepWall(stepMs);
    const outcome = await askAndPass(life);
    expect(outcome.error).toBeUndefined();
    await clock.advanceAsync(20 * SECOND_MS);
    for (let caller = 0; caller < 100; caller += 1) await askAndPass(life, 10);
    expect(life.calls.length).toBeLessThanOrEqual(2);
  });

  it('renews the token before it serves a caller when the machine was suspended for an hour', async () => {
    const life = TokenLife.onManualClock();
    const before = await warm(life);
    life.clock.suspend(HOUR_MS);
    const outcomes = life.askAll(100);
    await life.clock.advanceAsync(10);
    for (const { token } of await outcomes) {
      expect(token).toBeDefined();
      expect(token).not.toBe(before);
    }
    expect(life.calls).toHaveLength(2);
  });

  it('serves no stale token to a caller when the machine was suspended for an hour during the renewal', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'slow', requestMs: 10, responseMs: 10 };
    const outcome = life.ask();
    await life.clock.advanceAsync(15);
    life.clock.suspend(HOUR_MS);
    life.vendor.behaviour = { kind: 'well' };
    await life.clock.advanceAsync(10_000);
    const { token = '', error } = await outcome;
    const left = (life.vendor.issued.get(token)?.expiresAtMs ?? 0) - life.clock.now().wallMs;
    expect(error === undefined ? left : MINUTE_MS).toBeGreaterThanOrEqual(MINUTE_MS);
    expect((await askAndPass(life)).error).toBeUndefined();
  });

  it('has no backoff any more when the machine was suspended for longer than the backoff', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: MINUTE_MS };
    await askAndPass(life);
    life.vendor.behaviour = { kind: 'well' };
    life.clock.suspend(HOUR_MS);
    expect((await askAndPass(life)).error).toBeUndefined();
  });
});

describe('a vendor that answers badly', () => {
  it('is asked at most once per rotateAfterMs while it returns the same token for five minutes', async () => {
    const life = TokenLife.onManualClock();
    await warm(life);
    life.vendor.behaviour = { kind: 'repeating' };
    for (let second = 0; second < 300; second += 1) {
      expect((await askAndPass(life, SECOND_MS)).error).toBeUndefined();
    }
    const gapsMs = life.calls.slice(1).map(({ atMs }, index) => atMs - (life.calls[index]?.atMs ?? 0));
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(life.eventsOf('renewed').filter(({ isLonger }) => !isLonger)).toHaveLength(life.calls.length - 1);
  });

  it('costs one backoff when it shortens lives from 60 to 30 minutes, and callers get the new tokens', async () => {
    const life = TokenLife.onManualClock();
    await warm(life);
    life.vendor.behaviour = { kind: 'short', lifeMs: 30 * MINUTE_MS };
    for (let second = 0; second < 600; second += 1) await askAndPass(life, SECOND_MS);
    expect(life.eventsOf('renewed').filter(({ isLonger }) => !isLonger)).toHaveLength(1);
    expect(life.calls).toHaveLength(10);
    expect(life.service.status().tokens[0]?.remainingMs).toBeLessThan(30 * MINUTE_MS);
  });

  it('still serves callers when its tokens live for 90 seconds', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'short', lifeMs: 90 * SECOND_MS };
    for (let second = 0; second < 300; second += 1) {
      const { token = '' } = await askAndPass(life, SECOND_MS);
      const leftMs = (life.vendor.issued.get(token)?.expiresAtMs ?? 0) - life.clock.now().wallMs;
      expect(leftMs).toBeGreaterThanOrEqual(8 * SECOND_MS);
    }
    expect(life.calls.length).toBeLessThanOrEqual(15);
  });

  it.each([
    { is: 'expired', ageMs: 61 * MINUTE_MS, waitMs: 500 },
    { is: 'about to expire', ageMs: 59.5 * MINUTE_MS, waitMs: 750 },
  ])(
    'is asked again only after a wait when its token is $is, which is not held',
    async ({ ageMs, waitMs }) => {
      const life = TokenLife.onManualClock();
      life.vendor.behaviour = { kind: 'aged', ageMs };
      const failure = failureOf(await askAndPass(life));
      expect(failure).toMatchObject({ code: 'NUDGE_BAD_RESPONSE', retryAfterMs: waitMs });
      expect(life.service.status()).toMatchObject({ heldTokens: 0, nextAttemptInMs: waitMs - 9 });
      await askAndPass(life);
      expect(life.calls).toHaveLength(1);
      await life.clock.advanceAsync(waitMs);
      await askAndPass(life);
      expect(life.calls).toHaveLength(2);
    },
  );

  it('keeps no caller longer than the deadline when it never answers, and is asked again afterwards', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'hanging' };
    const outcomes = life.askAll(50);
    await life.clock.advanceAsync(7_000);
    for (const outcome of await outcomes) {
      expect(failureOf(outcome).code).toBe('NUDGE_TIMEOUT');
      expect(outcome.waitedMs).toBe(7_000);
    }
    expect(life.clock.pendingMs).toEqual([]);
    life.vendor.behaviour = { kind: 'well' };
    await life.clock.advanceAsync(SECOND_MS);
    expect((await askAndPass(life)).error).toBeUndefined();
  });

  it('causes NUDGE_UNAVAILABLE when its source throws, and the message holds only the kind of the error', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'throwing' };
    const failure = failureOf(await askAndPass(life));
    expect(failure).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 500 });
    expect(failure.message).toBe('Fetching a token failed unexpectedly (TypeError)');
    expect(failure.cause).toBeUndefined();
  });
});

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
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    await warm(life, { extId: 'ada' });
    const refused = failureOf(await askAndPass(life, 0, { extId: 'ada', forceRefresh: true }));
    expect(refused).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryAfterMs: 30_000 - 9 });
    await life.clock.advanceAsync(refused.retryAfterMs ?? 0);
    expect((await askAndPass(life, 10, { extId: 'ada', forceRefresh: true })).error).toBeUndefined();
    expect(life.calls).toHaveLength(2);
  });

  it('reports the longer of two waits, the backoff and the 30 s of one user', async () => {
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
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
    const options = scope === 'user' ? ({ scope, extId: () => 'unused' } as const) : {};
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
  const options = { scope: 'user', extId: () => 'unused', cache: { maxEntries: 3 } } as const;

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
