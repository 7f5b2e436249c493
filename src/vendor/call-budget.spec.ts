import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, type AskOutcome } from '../../test/support/token-life.js';
import { Deadline } from '../common/deadline.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { callsPerSlice, ProcessCallBudget, type CallBudget, type CallUrgency } from './call-budget.js';
import { CallQueue } from './call-queue.js';
import { RenewalPriority } from './renewal-priority.js';

/** Not because of sleeps, there are none: thousands of callers take a slow machine a while. */
jest.setTimeout(60_000);

const USER_SCOPE = { scope: 'user', extId: () => 'unused' } as const;
const userOf = (index: number): { extId: string } => ({ extId: `user-${index}` });

/** The most calls that fell into any one minute. */
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
    'of $callsPerMinute a minute is dealt out in slices of $slice',
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

  it('gives rotations half of it at the most, and nothing that is not there', async () => {
    const budget = new ProcessCallBudget(1_000, clock);
    expect(await takeAll(budget, 'rotation')).toMatchObject({ taken: 50 });
    expect(await takeAll(budget, 'urgent')).toMatchObject({ taken: 50 });
    clock.advance(6_000);
    expect(await takeAll(budget, 'urgent')).toMatchObject({ taken: 100 });
    expect(await takeAll(budget, 'rotation')).toMatchObject({ taken: 0 });
  });

  it('names no wait longer than a slice, even if the wall clock is set back an hour', async () => {
    const budget = new ProcessCallBudget(1_000, clock);
    await takeAll(budget, 'urgent');
    clock.stepWall(-HOUR_MS);
    expect(budget.take('urgent')).toBe(6_000);
    clock.advance(6_000);
    expect(budget.take('urgent')).toBe(0);
  });

  it('holds back 5,000 users who sign in at once: some wait, the others are told when to come again', async () => {
    const life = TokenLife.on(clock, { options: USER_SCOPE, budget: 'of-the-process' });
    const asked = life.askAll(5_000, userOf);
    await clock.advanceAsync(7_000);
    const outcomes = await asked;
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
    // Bounded: whoever has no prospect is not queued at all.
    expect(outcomes.slice(209).every(({ waitedMs }) => waitedMs === 0)).toBe(true);
    expect(life.service.status().lastFailure?.code).toBe('NUDGE_RATE_LIMITED');
  });

  it('lets no minute see more than it says, while all come again as they are told, and serves everybody', async () => {
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

  it('is not used up by one user: a call in 30 s, however often they ask', async () => {
    const life = TokenLife.on(clock, { options: USER_SCOPE, budget: 'of-the-process' });
    for (let second = 0; second < 120; second += 1) {
      void life.ask({ extId: 'greedy', forceRefresh: true });
      await clock.advanceAsync(SECOND_MS);
    }
    expect(life.calls).toHaveLength(4);
  });
});

describe('the queue before the vendor', () => {
  const DEADLINE_MS = 7_000;

  /** A budget that says what it is told to, and remembers who asked. */
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

  it('lets the cold go first, in the order they came, then rotations', async () => {
    const { clock, budget, come, admitted } = queueWith();
    budget.waitMs = { urgent: 1_000, rotation: 1_000 };
    come('rotation 1', new RenewalPriority('rotation'));
    come('cold 1', new RenewalPriority('urgent'));
    come('rotation 2', new RenewalPriority('rotation'));
    come('cold 2', new RenewalPriority('urgent'));
    await clock.advanceAsync(500);
    budget.waitMs = { urgent: 0, rotation: 0 };
    await clock.advanceAsync(500);
    expect(admitted).toEqual(['cold 1', 'cold 2', 'rotation 1', 'rotation 2']);
    expect(clock.pendingMs).toEqual([]);
  });

  it('moves a rotation ahead for which somebody waits by now', async () => {
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

  it('does not let somebody urgent sleep for a rotation’s wait, even if they come while it is asked for', async () => {
    const { clock, budget, come, admitted } = queueWith();
    budget.waitMs = { urgent: 0, rotation: 5_000 };
    let answer = (): void => undefined;
    budget.before = new Promise((resolve) => (answer = resolve));
    come('rotation', new RenewalPriority('rotation'));
    await clock.advanceAsync(10);
    come('cold', new RenewalPriority('urgent'));
    answer();
    await clock.advanceAsync(0);
    expect(admitted).toEqual(['cold']);
    expect(budget.asked).toEqual(['rotation', 'urgent', 'rotation']);
  });

  it('turns away at once whoever would wait in vain', async () => {
    const { clock, budget, come, admitted, refused } = queueWith();
    budget.waitMs = { urgent: 6_600, rotation: 6_600 };
    come('cold', new RenewalPriority('urgent'));
    await clock.advanceAsync(0);
    expect(refused).toEqual([6_600]);
    budget.waitMs = { urgent: 0, rotation: 2_000 };
    come('rotation in a hurry', new RenewalPriority('rotation'), 2_000);
    come('rotation', new RenewalPriority('rotation'));
    await clock.advanceAsync(0);
    expect(refused).toEqual([6_600, 2_000]);
    budget.waitMs = { urgent: 0, rotation: 0 };
    await clock.advanceAsync(2_000);
    expect(admitted).toEqual(['rotation']);
  });

  it('grows no longer than the deadlines', async () => {
    const { clock, budget, come, refused } = queueWith(600);
    budget.waitMs = { urgent: 6_000, rotation: 6_000 };
    for (let index = 0; index < 1_000; index += 1) come(`cold ${index}`, new RenewalPriority('urgent'));
    await clock.advanceAsync(0);
    // 60 are held ready at once, and 65 more fit into six and a half seconds of ten a second.
    expect(1_000 - refused.length).toBe(126);
    expect(refused.every((waitMs = 0) => waitMs > 6_500 && waitMs < 6_700)).toBe(true);
  });
});

describe('the way to the vendor', () => {
  const crowd = (life: TokenLife, count = 100): Promise<AskOutcome[]> => life.askAll(count, userOf);

  it.each([
    { asked: 30, keptMs: 30_000 },
    { asked: 600, keptMs: 60_000 },
  ])(
    'pauses for everybody for a Retry-After of $asked s, $keptMs ms, then lets one probe',
    async ({ asked, keptMs }) => {
      const life = TokenLife.onManualClock({ options: USER_SCOPE });
      life.vendor.behaviour = {
        kind: 'failing',
        code: 'NUDGE_RATE_LIMITED',
        retryAfterMs: asked * SECOND_MS,
      };
      expect(failureOf(await askAndPass(life, 1, userOf(0)))).toMatchObject({ retryAfterMs: keptMs });
      expect(life.eventsOf('paused')).toEqual([{ type: 'paused', forMs: keptMs }]);
      expect(life.service.status().nextAttemptInMs).toBe(keptMs);
      await life.clock.advanceAsync(keptMs - 1);
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
      for (const outcome of await late) expect(failureOf(outcome).retryAfterMs).toBe(keptMs);
      expect(life.calls).toHaveLength(2);
    },
  );

  it('lets the others follow a probe that comes back well', async () => {
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

  it('holds those who wait for a probe no longer than their deadline', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    await askAndPass(life, 1_000, userOf(1_000));
    life.vendor.behaviour = { kind: 'hanging' };
    const outcomes = crowd(life);
    await life.clock.advanceAsync(7_000);
    for (const outcome of await outcomes) expect(failureOf(outcome).code).toBe('NUDGE_TIMEOUT');
    expect(life.calls).toHaveLength(2);
  });

  it('takes calls that fail together for one failure, with the longest wait that any of them was told', async () => {
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

  it('lets what began before a failure end well, without taking that for a recovery', async () => {
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

  it('is not held back for all by an answer that is about one token', async () => {
    const life = TokenLife.onManualClock({ options: USER_SCOPE });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_BAD_RESPONSE' };
    expect(failureOf(await askAndPass(life, 10, userOf(0))).code).toBe('NUDGE_BAD_RESPONSE');
    life.vendor.behaviour = { kind: 'well' };
    expect((await askAndPass(life, 10, userOf(1))).error).toBeUndefined();
    expect(failureOf(await askAndPass(life, 10, userOf(0))).code).toBe('NUDGE_BAD_RESPONSE');
  });

  it('keeps to its wait with calls that were queued before a failure: one of them probes', async () => {
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

  it('makes no call that has less than half a second', async () => {
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
