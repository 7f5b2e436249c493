import { describe, expect, it } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, warm, type AskOutcome } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** A random sequence that is the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

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
