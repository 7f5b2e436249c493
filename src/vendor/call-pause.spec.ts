import { describe, expect, it } from '@jest/globals';
import {
  askAndPass,
  failureOf,
  TokenLife,
  USER_SCOPE,
  type AskOutcome,
} from '../../test/support/token-life.js';
import { SECOND_MS } from '../common/durations.js';
import type { CallBudget } from './call-budget.js';

const userOf = (index: number): { extId: string } => ({ extId: `user-${index}` });

describe('the gateway to the vendor', () => {
  const crowd = (life: TokenLife, count = 100): Promise<AskOutcome[]> => life.askAll(count, userOf);

  it.each([
    { retryAfterS: 30, pauseMs: 30_000 },
    { retryAfterS: 600, pauseMs: 60_000 },
  ])(
    'pauses all calls for $pauseMs ms after a Retry-After of $retryAfterS s, then lets one probe',
    async ({ retryAfterS, pauseMs }) => {
      const life = TokenLife.onManualClock({ options: USER_SCOPE });
      life.vendor.behaviour = {
        kind: 'failing',
        code: 'NUDGE_RATE_LIMITED',
        retryAfterMs: retryAfterS * SECOND_MS,
      };
      expect(failureOf(await askAndPass(life, 1, userOf(0)))).toMatchObject({ retryAfterMs: pauseMs });
      expect(life.eventsOf('paused')).toEqual([{ type: 'paused', forMs: pauseMs }]);
      expect(life.service.status().nextAttemptInMs).toBe(pauseMs);
      await life.clock.advanceAsync(pauseMs - 1);
      const early = crowd(life);
      await life.clock.advanceAsync(0);
      for (const outcome of await early) {
        expect(failureOf(outcome)).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryAfterMs: 1 });
      }
      expect(life.calls).toHaveLength(1);

      await life.clock.advanceAsync(1);
      const late = crowd(life);
      await life.clock.advanceAsync(0);
      expect(life.calls).toHaveLength(2);
      await life.clock.advanceAsync(10);
      for (const outcome of await late) expect(failureOf(outcome).retryAfterMs).toBe(pauseMs);
      expect(life.calls).toHaveLength(2);
    },
  );

  it('lets the other calls follow a probe that succeeds', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 5_000 };
    await askAndPass(life, 10, userOf(1_000));
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_000, responseMs: 0 };
    await life.clock.advanceAsync(5_000);
    const outcomes = crowd(life);
    await life.clock.advanceAsync(999);
    expect(life.calls).toHaveLength(2);
    await life.clock.advanceAsync(2_000);
    expect((await outcomes).every(({ error }) => error === undefined)).toBe(true);
    expect(life.calls).toHaveLength(101);
    expect(life.eventsOf('recovered')).toEqual([{ type: 'recovered', failures: 1, failedForMs: 5_999 + 10 }]);
  });

  it('lets callers wait for a probe no longer than their deadline', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    await askAndPass(life, 1_000, userOf(1_000));
    life.vendor.behaviour = { kind: 'hanging' };
    const outcomes = crowd(life);
    await life.clock.advanceAsync(7_000);
    for (const outcome of await outcomes) expect(failureOf(outcome).code).toBe('NUDGE_TIMEOUT');
    expect(life.calls).toHaveLength(2);
  });

  it('counts calls that fail together as one failure, with the longest wait that the vendor asked for', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    void life.askAll(50, userOf);
    await life.clock.advanceAsync(0);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 20_000 };
    void life.ask(userOf(99));
    await life.clock.advanceAsync(1);
    expect(life.calls).toHaveLength(51);
    expect(life.service.status().nextAttemptInMs).toBe(20_000);
    expect(failureOf(await askAndPass(life, 0, userOf(0))).code).toBe('NUDGE_RATE_LIMITED');
  });

  it('lets a call that began before a failure succeed, and does not count that as a recovery', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'slow', requestMs: 100, responseMs: 0 };
    const early = life.ask(userOf(0));
    await life.clock.advanceAsync(0);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 30_000 };
    const late = life.ask(userOf(1));
    await life.clock.advanceAsync(200);
    expect([(await early).error, failureOf(await late).code]).toEqual([undefined, 'NUDGE_RATE_LIMITED']);
    expect(life.service.status().nextAttemptInMs).toBe(29_801);
    expect(life.eventsOf('recovered')).toEqual([]);
  });

  it('does not hold back other users after a failure that concerns one token', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_BAD_RESPONSE' };
    expect(failureOf(await askAndPass(life, 10, userOf(0))).code).toBe('NUDGE_BAD_RESPONSE');
    life.vendor.behaviour = { kind: 'well' };
    expect((await askAndPass(life, 10, userOf(1))).error).toBeUndefined();
    expect(failureOf(await askAndPass(life, 10, userOf(0))).code).toBe('NUDGE_BAD_RESPONSE');
  });

  it('lets only one of the calls that were queued before a failure probe', async () => {
    let admit = (): void => undefined;
    let isOpen = false;
    const budget: CallBudget = {
      take: async () => {
        if (!isOpen) await new Promise<void>((resolve) => (admit = resolve));
        return 0;
      },
    };
    const life = TokenLife.onManualClock({ options: USER_SCOPE, budget });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    void life.askAll(20, userOf);
    await life.clock.advanceAsync(0);
    admit();
    await life.clock.advanceAsync(10);
    expect(life.calls).toHaveLength(1);
    await life.clock.advanceAsync(1_000);
    life.vendor.behaviour = { kind: 'slow', requestMs: 1_000, responseMs: 0 };
    isOpen = true;
    admit();
    await life.clock.advanceAsync(500);
    expect(life.calls).toHaveLength(2);
    await life.clock.advanceAsync(2_000);
    expect(life.calls).toHaveLength(20);
  });

  it('makes no call when less than half a second is left', async () => {
    const budget: CallBudget = { take: () => new Promise((resolve) => waiting.push(() => resolve(0))) };
    const waiting: (() => void)[] = [];
    const life = TokenLife.onManualClock({ budget });
    const outcome = life.ask();
    await life.clock.advanceAsync(6_600);
    waiting.forEach((admit) => admit());
    await life.clock.advanceAsync(400);
    expect(failureOf(await outcome).code).toBe('NUDGE_TIMEOUT');
    expect(life.calls).toHaveLength(0);
  });
});
