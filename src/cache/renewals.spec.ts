import { describe, expect, it, jest } from '@jest/globals';
import { askAndPass, TokenLife, USER_SCOPE, warm } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';

/** A slow machine takes a while for ten thousand callers. No test sleeps. */
jest.setTimeout(60_000);

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
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    for (let minute = 0; minute < 60; minute += 1) await askAndPass(life, MINUTE_MS, { extId: 'ada' });
    expect(life.calls).toHaveLength(2);
  });
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
