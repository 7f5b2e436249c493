import type { Cancel, Clock } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import type { TimeBudget } from '../common/time-budget.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { SHORTEST_ATTEMPT_MS } from './attempts.js';
import { callsPerSlice, type CallBudget, type CallUrgency } from './call-budget.js';
import type { CallPause } from './call-pause.js';
import { LocalRefusal } from './call-refusal.js';
import type { RenewalPriority } from './renewal-priority.js';

/** The refusal while a 429 that another process met is in force. */
export function pausedElsewhere(retryAfterMs: number): LocalRefusal {
  const message = "Nudge answered 429 to a process that shares this one's budget";
  return new LocalRefusal('NUDGE_RATE_LIMITED', message, { retryAfterMs });
}

interface Ticket {
  readonly priority: RenewalPriority;
  readonly deadline: Deadline;
  readonly timeBudget: TimeBudget | undefined;
  readonly admit: () => void;
  readonly refuse: (error: LocalRefusal) => void;
}

/**
 * Lets calls through as the budget allows: in the order they came, those that a caller waits for first. A call that
 * cannot be served within its deadline is refused at once, so the queue is as short as the deadlines.
 */
export class CallQueue {
  readonly #budget: CallBudget;
  readonly #pause: CallPause | undefined;
  readonly #callsPerMinute: number;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<CallUrgency, Set<Ticket>>> = { urgent: new Set(), rotation: new Set() };
  #isServing = false;
  #wake: () => void = () => undefined;

  constructor(
    budget: CallBudget,
    pause: CallPause | undefined,
    callsPerMinute: number,
    events: NudgeAuthEvents,
    clock: Clock,
  ) {
    this.#budget = budget;
    this.#pause = pause;
    this.#callsPerMinute = callsPerMinute;
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * Resolves when the call may be made.
   *
   * @param timeBudget how long a budget that is counted in a store may be waited for.
   * @throws {LocalRefusal} `NUDGE_RATE_LIMITED` when that is not before the deadline.
   */
  async admit(priority: RenewalPriority, deadline: Deadline, timeBudget?: TimeBudget): Promise<void> {
    const aheadMs = this.#waitBehindOthersMs(priority.urgency);
    if (aheadMs > deadline.remainingMs() - SHORTEST_ATTEMPT_MS) throw this.#refusal(aheadMs);
    await new Promise<void>((resolve, reject) => {
      const ticket: Ticket = { priority, deadline, timeBudget, admit: resolve, refuse: reject };
      this.#waiting[priority.urgency].add(ticket);
      priority.onRaised = () => this.#raise(ticket);
      if (this.#isServing) this.#wake();
      else void this.#serve();
    });
  }

  /** One more call for a caller that was admitted: a retry, another key. `false` when the budget has none left. */
  async takeMore(timeBudget?: TimeBudget): Promise<boolean> {
    timeBudget?.restart();
    return (await this.#budget.take('urgent', timeBudget)) === 0;
  }

  /** By the sustained rate, less what the budget holds ready at once. Urgent calls overtake rotations. */
  #waitBehindOthersMs(urgency: CallUrgency): number {
    const { urgent, rotation } = this.#waiting;
    const before = urgent.size + (urgency === 'rotation' ? rotation.size : 0);
    const ahead = Math.max(0, before - callsPerSlice(this.#callsPerMinute));
    return (ahead * MINUTE_MS) / this.#callsPerMinute;
  }

  #raise(ticket: Ticket): void {
    if (!this.#waiting.rotation.delete(ticket)) return;
    this.#waiting.urgent.add(ticket);
    this.#wake();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let ticket = this.#next(); ticket !== undefined; ticket = this.#next()) {
      const { urgency } = ticket.priority;
      const waitMs = await this.#budget.take(urgency, ticket.timeBudget);
      if (waitMs === 0) {
        this.#remove(ticket);
        ticket.admit();
      } else {
        ticket.timeBudget?.restart();
        this.#refuseThoseBefore(waitMs, urgency);
        // An urgent call may have come while the budget was asked for a rotation, whose wait is not the urgent one's.
        if (this.#next()?.priority.urgency === urgency) await this.#sleep(waitMs);
      }
    }
    this.#isServing = false;
  }

  #next(): Ticket | undefined {
    const { urgent, rotation } = this.#waiting;
    return firstOf(urgent) ?? firstOf(rotation);
  }

  #remove(ticket: Ticket): void {
    this.#waiting.urgent.delete(ticket);
    this.#waiting.rotation.delete(ticket);
  }

  /** Refuses the calls that would wait in vain. A rotation's wait says nothing of the urgent calls. */
  #refuseThoseBefore(waitMs: number, urgency: CallUrgency): void {
    const { urgent, rotation } = this.#waiting;
    const affected = urgency === 'urgent' ? [...urgent, ...rotation] : [...rotation];
    const hopeless = affected.filter(({ deadline }) => deadline.remainingMs() - SHORTEST_ATTEMPT_MS < waitMs);
    for (const ticket of hopeless) this.#remove(ticket);
    for (const ticket of hopeless) ticket.refuse(this.#refusal(waitMs));
  }

  #sleep(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel: Cancel = this.#clock.schedule(waitMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #refusal(retryInMs: number): LocalRefusal {
    const pausedForMs = this.#pause?.pausedForMs() ?? 0;
    if (pausedForMs > 0) return pausedElsewhere(pausedForMs);
    const waiting = this.#waiting.urgent.size + this.#waiting.rotation.size;
    this.#events.emit({ type: 'budget-spent', waiting, retryInMs });
    return new LocalRefusal(
      'NUDGE_RATE_LIMITED',
      `The budget of ${this.#callsPerMinute} calls to Nudge a minute is spent`,
      { retryAfterMs: retryInMs },
    );
  }
}

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  for (const element of set) return element;
  return undefined;
}
