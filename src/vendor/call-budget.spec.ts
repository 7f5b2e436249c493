import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { failureOf, TokenLife, USER_SCOPE } from '../../test/support/token-life.js';
import { Deadline } from '../common/deadline.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { callsPerSlice, ProcessCallBudget, type CallBudget, type CallUrgency } from './call-budget.js';
import { CallQueue } from './call-queue.js';
import { RenewalPriority } from './vendor-call.js';

/** The tests do not sleep, but thousands of callers take a while on a slow machine. */
jest.setTimeout(60_000);

const userOf = (index: number): { extId: string } => ({ extId: `user-${index}` });

/** The largest number of calls in any 60 seconds. */
function busiestMinute(calls: readonly { readonly atMs: number }[]): number {
  let from = 0;
  return calls.reduce((most, { atMs }, index) => {
    while ((calls[from]?.atMs ?? 0) <= atMs - MINUTE_MS) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

describe('the budget of a process', () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  async function takeAll(
    budget: CallBudget,
    urgency: CallUrgency,
  ): Promise<{ taken: number; waitMs: number }> {
    for (let taken = 0; ; taken += 1) {
      const waitMs = await budget.take(urgency);
      if (waitMs > 0) return { taken, waitMs };
    }
  }

  it.each([
    { callsPerMinute: 1_200, slice: 120, waitMs: 6_000 },
    { callsPerMinute: 1_000, slice: 100, waitMs: 6_000 },
    { callsPerMinute: 15, slice: 1, waitMs: 4_000 },
    { callsPerMinute: 1, slice: 1, waitMs: MINUTE_MS },
  ])(
    'of $callsPerMinute calls a minute is given out in slices of $slice',
    async ({ callsPerMinute, slice, waitMs }) => {
      expect(callsPerSlice(callsPerMinute)).toBe(slice);
      const budget = new ProcessCallBudget(callsPerMinute, clock);
      expect(await takeAll(budget, 'urgent')).toEqual({ taken: slice, waitMs });
      clock.advance(waitMs - 1);
      expect(budget.take('urgent')).toBe(1);
      clock.advance(1);
      expect(await takeAll(budget, 'urgent')).toMatchObject({ taken: slice });
    },
  );

  it('gives rotations at most half of it, and none after urgent calls have taken it all', async () => {
    const budget = new ProcessCallBudget(1_000, clock);
    expect(await takeAll(budget, 'rotation')).toMatchObject({ taken: 50 });
    expect(await takeAll(budget, 'urgent')).toMatchObject({ taken: 50 });
    clock.advance(6_000);
    expect(await takeAll(budget, 'urgent')).toMatchObject({ taken: 100 });
    expect(await takeAll(budget, 'rotation')).toMatchObject({ taken: 0 });
  });

  it('asks for no wait longer than a slice, even if the wall clock is set back an hour', async () => {
    const budget = new ProcessCallBudget(1_000, clock);
    await takeAll(budget, 'urgent');
    clock.stepWall(-HOUR_MS);
    expect(budget.take('urgent')).toBe(6_000);
    clock.advance(6_000);
    expect(budget.take('urgent')).toBe(0);
  });

  it('limits 5,000 users who sign in at once: some wait, the others get a retryAfterMs', async () => {
    const life = TokenLife.on(clock, { options: USER_SCOPE, budget: 'of-the-process' });
    const requests = life.askAll(5_000, userOf);
    await clock.advanceAsync(7_000);
    const outcomes = await requests;
    const served = outcomes.filter(({ token }) => token !== undefined);
    expect(life.calls).toHaveLength(200);
    expect(served).toHaveLength(200);
    expect(served).toEqual(outcomes.slice(0, 200));
    for (const outcome of outcomes.slice(200)) {
      const { code, retryAfterMs = 0 } = failureOf(outcome);
      expect(code).toBe('NUDGE_RATE_LIMITED');
      expect(outcome.waitedMs).toBeLessThanOrEqual(6_500);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(7_000);
    }
    // The queue is bounded: a call without a chance is refused at once.
    expect(outcomes.slice(209).every(({ waitedMs }) => waitedMs === 0)).toBe(true);
    expect(life.service.status().lastFailure?.code).toBe('NUDGE_RATE_LIMITED');
  });

  it('is kept in every minute while refused users come back as they were told, until all are served', async () => {
    const options = { ...USER_SCOPE, budget: { callsPerMinute: 200 } };
    const life = TokenLife.on(clock, { options, budget: 'of-the-process' });
    let served = 0;
    const signIn = async (extId: string): Promise<void> => {
      for (;;) {
        const outcome = await life.ask({ extId });
        if (outcome.token !== undefined) break;
        const waitMs = failureOf(outcome).retryAfterMs ?? 0;
        await new Promise<void>((resolve) => clock.schedule(waitMs, resolve));
      }
      served += 1;
    };
    const all = Array.from({ length: 500 }, (_, index) => signIn(`user-${index}`));
    await clock.advanceAsync(3 * MINUTE_MS);
    await Promise.all(all);
    expect(served).toBe(500);
    expect(life.calls).toHaveLength(500);
    expect(busiestMinute(life.calls)).toBeLessThanOrEqual(220);
  });

  it('is not used up by one user, who causes at most one call in 30 s', async () => {
    const life = TokenLife.on(clock, { options: USER_SCOPE, budget: 'of-the-process' });
    for (let second = 0; second < 120; second += 1) {
      void life.ask({ extId: 'greedy', forceRefresh: true });
      await clock.advanceAsync(SECOND_MS);
    }
    expect(life.calls).toHaveLength(4);
  });
});

describe('the queue of calls to the vendor', () => {
  const DEADLINE_MS = 7_000;

  /** A budget that answers as the test says and records its calls. */
  class ScriptedBudget implements CallBudget {
    readonly asked: CallUrgency[] = [];
    waitMs: Record<CallUrgency, number> = { urgent: 0, rotation: 0 };
    before: Promise<void> = Promise.resolve();

    async take(urgency: CallUrgency): Promise<number> {
      this.asked.push(urgency);
      await this.before;
      return this.waitMs[urgency];
    }
  }

  function queueWith(callsPerMinute = 600) {
    const clock = new ManualClock();
    const budget = new ScriptedBudget();
    const queue = new CallQueue(budget, undefined, callsPerMinute, new NudgeAuthEvents(), clock);
    const admitted: string[] = [];
    const refused: (number | undefined)[] = [];
    const come = (name: string, priority: RenewalPriority, deadlineMs = DEADLINE_MS): void => {
      void queue.admit(priority, new Deadline(clock, deadlineMs)).then(
        () => admitted.push(name),
        (error: { retryAfterMs?: number }) => refused.push(error.retryAfterMs),
      );
    };
    return { clock, budget, come, admitted, refused };
  }

  it('admits urgent calls first, in the order they came, then rotations', async () => {
    const { clock, budget, come, admitted } = queueWith();
    budget.waitMs = { urgent: 1_000, rotation: 1_000 };
    come('rotation 1', new RenewalPriority('rotation'));
    come('urgent 1', new RenewalPriority('urgent'));
    come('rotation 2', new RenewalPriority('rotation'));
    come('urgent 2', new RenewalPriority('urgent'));
    await clock.advanceAsync(500);
    budget.waitMs = { urgent: 0, rotation: 0 };
    await clock.advanceAsync(500);
    expect(admitted).toEqual(['urgent 1', 'urgent 2', 'rotation 1', 'rotation 2']);
    expect(clock.pendingMs).toEqual([]);
  });

  it('moves a rotation ahead when a caller begins to wait for it', async () => {
    const { clock, budget, come, admitted } = queueWith();
    budget.waitMs = { urgent: 0, rotation: 5_000 };
    const raised = new RenewalPriority('rotation');
    come('rotation', new RenewalPriority('rotation'));
    come('raised', raised);
    await clock.advanceAsync(100);
    expect(admitted).toEqual([]);
    raised.raise();
    raised.raise();
    await clock.advanceAsync(0);
    expect(admitted).toEqual(['raised']);
  });

  it('admits an urgent call before a rotation that waits, even if it comes while the budget is asked', async () => {
    const { clock, budget, come, admitted } = queueWith();
    budget.waitMs = { urgent: 0, rotation: 5_000 };
    let answer = (): void => undefined;
    budget.before = new Promise((resolve) => (answer = resolve));
    come('rotation', new RenewalPriority('rotation'));
    await clock.advanceAsync(10);
    come('urgent', new RenewalPriority('urgent'));
    answer();
    await clock.advanceAsync(0);
    expect(admitted).toEqual(['urgent']);
    expect(budget.asked).toEqual(['rotation', 'urgent', 'rotation']);
  });

  it('refuses a call at once if its deadline ends before the wait', async () => {
    const { clock, budget, come, admitted, refused } = queueWith();
    budget.waitMs = { urgent: 6_600, rotation: 6_600 };
    come('urgent', new RenewalPriority('urgent'));
    await clock.advanceAsync(0);
    expect(refused).toEqual([6_600]);
    budget.waitMs = { urgent: 0, rotation: 2_000 };
    come('rotation with a short deadline', new RenewalPriority('rotation'), 2_000);
    come('rotation', new RenewalPriority('rotation'));
    await clock.advanceAsync(0);
    expect(refused).toEqual([6_600, 2_000]);
    budget.waitMs = { urgent: 0, rotation: 0 };
    await clock.advanceAsync(2_000);
    expect(admitted).toEqual(['rotation']);
  });

  it('is no longer than the deadlines allow', async () => {
    const { clock, budget, come, refused } = queueWith(600);
    budget.waitMs = { urgent: 6_000, rotation: 6_000 };
    for (let index = 0; index < 1_000; index += 1) come(`urgent ${index}`, new RenewalPriority('urgent'));
    await clock.advanceAsync(0);
    // 60 calls go at once, and 65 more fit into six and a half seconds at ten a second.
    expect(1_000 - refused.length).toBe(126);
    expect(refused.every((waitMs = 0) => waitMs > 6_500 && waitMs < 6_700)).toBe(true);
  });
});
