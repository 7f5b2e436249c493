import { describe, expect, it, jest } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, type AskOutcome } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';

/** Not because of sleeps, there are none: ten thousand callers take a slow machine a while. */
jest.setTimeout(60_000);

/** Chance that can be repeated. */
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

  it('lets them fail together when that call fails, each with its code and the wait that follows', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    const outcomes = life.askAll(100);
    await life.clock.advanceAsync(10);
    for (const outcome of await outcomes) {
      expect(failureOf(outcome)).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 500 });
    }
    expect(life.calls).toHaveLength(1);
  });

  it('keeps lifetimes apart', async () => {
    const life = TokenLife.onManualClock();
    const outcomes = life.askAll(10, (index) => ({ expiryMins: index % 2 === 0 ? 30 : 60 }));
    await life.clock.advanceAsync(10);
    expect(new Set((await outcomes).map(({ token }) => token)).size).toBe(2);
    expect(life.calls.map(({ entry }) => entry)).toEqual(['30/', '60/']);
  });

  it('sends each user’s id, and hands out to each only their own', async () => {
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
  /** A token of an hour, and a vendor that takes three seconds from now on. */
  async function dueAfter(ageMs: number, settings = {}): Promise<TokenLife> {
    const life = TokenLife.onManualClock(settings);
    await warm(life);
    await life.clock.advanceAsync(ageMs);
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_500, responseMs: 1_500 };
    return life;
  }

  it('lets none of 10,000 callers wait while at least half of the life is left', async () => {
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
    'lets none of 10,000 wait longer than maxWaitMs %d after that',
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

  it('lets nobody wait while a backoff runs', async () => {
    const life = await dueAfter(31 * MINUTE_MS);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 20_000 };
    await warm(life);
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_500, responseMs: 1_500 };
    expect(await askAndPass(life)).toMatchObject({ waitedMs: 0, error: undefined });
    expect(life.calls).toHaveLength(2);
  });

  it('is waited for by everybody once less than the least is left', async () => {
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

  it('takes place at half of the life in user scope', async () => {
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    for (let minute = 0; minute < 60; minute += 1) await askAndPass(life, MINUTE_MS, { extId: 'ada' });
    expect(life.calls).toHaveLength(2);
  });
});

describe('an hour without Nudge, with tokens of 60 minutes and a caller every second', () => {
  /**
   * Full jitter under a ceiling of a minute waits half a minute on average, so about 120 attempts fall into an hour,
   * and those before the ceiling is reached. Three times the spread of their sum stays below this.
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
    'fails nobody before the token has minRemainingMs left (chance %d)',
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

  it('then says truly when the next attempt is due: none before, one after', async () => {
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
    'recovers within one step of the backoff when Nudge is back (chance %d)',
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

describe('wrong and moving clocks', () => {
  async function playAnHour(life: TokenLife, nowByVendorMs: () => number): Promise<void> {
    for (let step = 0; step < 4 * 60; step += 1) {
      const { token = '' } = await askAndPass(life, 15 * SECOND_MS);
      const expiresAtMs = life.vendor.issued.get(token)?.expiresAtMs ?? Number.NaN;
      expect(expiresAtMs).toBeGreaterThanOrEqual(nowByVendorMs() - 15 * SECOND_MS + MINUTE_MS);
    }
  }

  it.each([-10, 10])(
    'neither hand out what has expired nor fetch in a loop: vendor %d minutes off',
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
  ])('cost one renewal more at the most when the wall clock is $is mid-life', async ({ stepMs }) => {
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

  it('renew after an hour of suspend, before anybody is served', async () => {
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

  it('serve nothing stale to a caller who slept through the renewal: a timer that fires an hour late', async () => {
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

  it('end a backoff that was slept through', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: MINUTE_MS };
    await askAndPass(life);
    life.vendor.behaviour = { kind: 'well' };
    life.clock.suspend(HOUR_MS);
    expect((await askAndPass(life)).error).toBeUndefined();
  });
});

describe('a vendor that disappoints', () => {
  it('is asked no more often than rotateAfterMs while it returns one token for five minutes', async () => {
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

  it('costs one wait when it shortens lives from 60 to 30 minutes, and the new tokens are used', async () => {
    const life = TokenLife.onManualClock();
    await warm(life);
    life.vendor.behaviour = { kind: 'short', lifeMs: 30 * MINUTE_MS };
    for (let second = 0; second < 600; second += 1) await askAndPass(life, SECOND_MS);
    expect(life.eventsOf('renewed').filter(({ isLonger }) => !isLonger)).toHaveLength(1);
    expect(life.calls).toHaveLength(10);
    expect(life.service.status().tokens[0]?.remainingMs).toBeLessThan(30 * MINUTE_MS);
  });

  it('is used with tokens of 90 seconds, too', async () => {
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
  ])('gets no token cached that is $is, and is asked again after a wait only', async ({ ageMs, waitMs }) => {
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
  });

  it('holds nobody longer than the deadline when it never answers, and is asked again afterwards', async () => {
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

  it('that breaks its contract is a failure like others, of which only the kind is told', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'throwing' };
    const failure = failureOf(await askAndPass(life));
    expect(failure).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 500 });
    expect(failure.message).toBe('Fetching a token failed unexpectedly (TypeError)');
    expect(failure.cause).toBeUndefined();
  });
});

describe('forceRefresh', () => {
  it('gets a token whose renewal began after the call, one for all who call together', async () => {
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

  it('does not take what a renewal under way brings', async () => {
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

  it('rejects rather than return the old one, and obeys the backoff that follows', async () => {
    const life = TokenLife.onManualClock();
    const held = await warm(life);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    expect(failureOf(await askAndPass(life, 10, { forceRefresh: true })).code).toBe('NUDGE_UNAVAILABLE');
    const refused = failureOf(await askAndPass(life, 10, { forceRefresh: true }));
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(life.calls).toHaveLength(2);
    expect(await warm(life)).toBe(held);
  });

  it('is granted to a user once in 30 s', async () => {
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    await warm(life, { extId: 'ada' });
    const refused = failureOf(await askAndPass(life, 0, { extId: 'ada', forceRefresh: true }));
    expect(refused).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryAfterMs: 30_000 - 9 });
    await life.clock.advanceAsync(refused.retryAfterMs ?? 0);
    expect((await askAndPass(life, 10, { extId: 'ada', forceRefresh: true })).error).toBeUndefined();
    expect(life.calls).toHaveLength(2);
  });

  it('takes the longer of two waits for the truth: the backoff’s and the user’s', async () => {
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
  it('lets go of what is held', async () => {
    const life = TokenLife.onManualClock();
    const before = await warm(life);
    await life.service.invalidate();
    expect(life.service.status().heldTokens).toBe(0);
    expect(await warm(life)).not.toBe(before);
    expect(life.eventsOf('invalidated')).toHaveLength(1);
  });

  it('of one lifetime leaves the others alone', async () => {
    const life = TokenLife.onManualClock();
    const short = await warm(life, { expiryMins: 30 });
    const long = await warm(life);
    await life.service.invalidate({ expiryMins: 30 });
    expect(await warm(life)).toBe(long);
    expect(await warm(life, { expiryMins: 30 })).not.toBe(short);
  });

  it('drops what is under way, also for those who wait for it, without a second call at a time', async () => {
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

  it('does not end a backoff: the vendor is no better for it', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 30_000 };
    await askAndPass(life);
    await life.service.invalidate();
    expect(failureOf(await askAndPass(life)).code).toBe('NUDGE_UNAVAILABLE');
    expect(life.calls).toHaveLength(1);
  });
});

describe('cache: false', () => {
  it('holds nothing, but concurrent callers share a call', async () => {
    const life = TokenLife.onManualClock({ options: { cache: false } });
    for (let round = 1; round <= 3; round += 1) {
      const outcomes = life.askAll(100);
      await life.clock.advanceAsync(10);
      expect(new Set((await outcomes).map(({ token }) => token)).size).toBe(1);
      expect(life.calls).toHaveLength(round);
      expect(life.service.status()).toMatchObject({ heldTokens: 0, tokens: [] });
    }
  });

  it('obeys backoff like everybody', async () => {
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

  it('who is alone and aborts leaves the token to the next', async () => {
    const life = TokenLife.onManualClock();
    const abort = new AbortController();
    const aborted = life.ask({ signal: abort.signal });
    abort.abort();
    expect((await aborted).error).toBe(abort.signal.reason);
    await life.clock.advanceAsync(10);
    expect(await askAndPass(life, 0)).toMatchObject({ error: undefined, waitedMs: 0 });
    expect(life.calls).toHaveLength(1);
  });

  it('who comes with an aborted signal costs nothing', async () => {
    const life = TokenLife.onManualClock();
    const outcome = await askAndPass(life, 10, { signal: AbortSignal.abort('too late') });
    expect(outcome.error).toBe('too late');
    expect(life.calls).toHaveLength(0);
  });

  it('whose signal is never used leaves no listener behind', async () => {
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
    { is: 'minutes below the bounds', scope: 'client', request: { expiryMins: 29 } },
    { is: 'minutes above them', scope: 'client', request: { expiryMins: 1441 } },
    { is: 'half a minute', scope: 'client', request: { expiryMins: 30.5 } },
    { is: 'a user in client scope', scope: 'client', request: { extId: 'ada' } },
    { is: 'nobody in user scope', scope: 'user', request: {} },
    { is: 'an empty user', scope: 'user', request: { extId: '' } },
    { is: 'a user of 101 characters', scope: 'user', request: { extId: 'x'.repeat(101) } },
    { is: 'a user that is no text', scope: 'user', request: { extId: 7 as unknown as string } },
  ])('is refused who asks for $is', async ({ scope, request }) => {
    const options = scope === 'user' ? ({ scope, extId: () => 'unused' } as const) : {};
    const life = TokenLife.onManualClock({ options });
    expect(failureOf(await askAndPass(life, 10, request)).code).toBe('NUDGE_INVALID_REQUEST');
    await expect(life.service.invalidate(request)).rejects.toMatchObject({ code: 'NUDGE_INVALID_REQUEST' });
    expect(life.calls).toHaveLength(0);
  });

  it('gets NUDGE_DISABLED while the switch is off, and nothing is sent', async () => {
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

  it('bounds what is held; who was not seen for longest goes first', async () => {
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

  it('does not fetch twice for somebody who was evicted while a renewal was under way', async () => {
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
  it('finishes what is in flight, and begins nothing any more', async () => {
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

  it('takes no longer than the deadline, even if the vendor never answers', async () => {
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

  it('ends within the deadline that began with the first caller, not with the closing', async () => {
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

  it('lets nobody begin a renewal who was waiting for another', async () => {
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
