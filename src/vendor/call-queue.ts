import type { Cancel, Clock } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { LocalRefusal } from '../store/renewal.js';
import type { RenewalPriority } from './renewal-priority.js';
import type { TimeBudget } from '../common/time-budget.js';
import { callsPerSlice, type CallBudget, type CallUrgency } from './call-budget.js';

/** Why nothing is sent although this process itself was not told to wait. */
export function pausedElsewhere(retryAfterMs: number): LocalRefusal {
  const message = "Nudge answered 429 to a process that shares this one's budget";
  return new LocalRefusal('NUDGE_RATE_LIMITED', message, { retryAfterMs });
}

/** What a call to the vendor needs at the least to be worth making. */
export const SHORTEST_CALL_MS = 500;

interface Ticket {
  readonly priority: RenewalPriority;
  readonly deadline: Deadline;
  readonly timeBudget: TimeBudget | undefined;
  readonly admit: () => void;
  readonly refuse: (error: LocalRefusal) => void;
}

/**
 * Lets calls through as the budget allows: in the order they came, those that somebody waits for first. Whoever cannot
 * be served within their deadline is told so at once, so the queue is as short as the deadlines.
 */
export class CallQueue {
  readonly #budget: CallBudget;
  readonly #callsPerMinute: number;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  #tickets: Ticket[] = [];
  #isServing = false;
  #wake: () => void = () => undefined;

  constructor(budget: CallBudget, callsPerMinute: number, events: NudgeAuthEvents, clock: Clock) {
    this.#budget = budget;
    this.#callsPerMinute = callsPerMinute;
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * Resolves when the call may be made.
   *
   * @param timeBudget what is left of it for a budget that is counted in a store.
   * @throws {LocalRefusal} `NUDGE_RATE_LIMITED` when that is not before the deadline.
   */
  async admit(priority: RenewalPriority, deadline: Deadline, timeBudget?: TimeBudget): Promise<void> {
    const aheadMs = this.#waitBehindOthersMs(priority.urgency);
    if (aheadMs > deadline.remainingMs() - SHORTEST_CALL_MS) throw this.#refusal(aheadMs);
    await new Promise<void>((resolve, reject) => {
      this.#tickets.push({ priority, deadline, timeBudget, admit: resolve, refuse: reject });
      priority.onChange = () => this.#wake();
      if (this.#isServing) this.#wake();
      else void this.#serve();
    });
  }

  /** By the sustained rate; what the budget holds ready at once comes off. Whoever is urgent overtakes rotations. */
  #waitBehindOthersMs(urgency: CallUrgency): number {
    const before = this.#tickets.filter(
      ({ priority }) => urgency === 'rotation' || priority.urgency === 'urgent',
    );
    const ahead = Math.max(0, before.length - callsPerSlice(this.#callsPerMinute));
    return (ahead * MINUTE_MS) / this.#callsPerMinute;
  }

  /** One more call for somebody who has been admitted: a retry, another key. `false` when the budget has none left. */
  async takeMore(timeBudget?: TimeBudget): Promise<boolean> {
    timeBudget?.renew();
    return (await this.#budget.take('urgent', timeBudget)) === 0;
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let ticket = this.#next(); ticket !== undefined; ticket = this.#next()) {
      const { urgency } = ticket.priority;
      const waitMs = await this.#budget.take(urgency, ticket.timeBudget);
      if (waitMs === 0) {
        const admitted = ticket;
        this.#tickets = this.#tickets.filter((other) => other !== admitted);
        admitted.admit();
      } else {
        ticket.timeBudget?.renew();
        this.#refuseThoseBefore(waitMs, urgency);
        // Somebody urgent may have come while the budget was asked for a rotation, whose wait is not theirs.
        if (this.#next()?.priority.urgency === urgency) await this.#sleep(waitMs);
      }
    }
    this.#isServing = false;
  }

  #next(): Ticket | undefined {
    return this.#tickets.find(({ priority }) => priority.urgency === 'urgent') ?? this.#tickets[0];
  }

  /** Turns away whoever would wait in vain. A rotation's wait says nothing of the urgent ones. */
  #refuseThoseBefore(waitMs: number, urgency: CallUrgency): void {
    const isHopeless = ({ priority, deadline }: Ticket): boolean =>
      (urgency === 'urgent' || priority.urgency === 'rotation') &&
      deadline.remainingMs() - SHORTEST_CALL_MS < waitMs;
    const hopeless = this.#tickets.filter(isHopeless);
    if (hopeless.length === 0) return;
    this.#tickets = this.#tickets.filter((ticket) => !isHopeless(ticket));
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
    const pausedForMs = this.#budget.pausedForMs?.() ?? 0;
    if (pausedForMs > 0) return pausedElsewhere(pausedForMs);
    this.#events.emit({ type: 'budget-spent', waiting: this.#tickets.length, retryInMs });
    return new LocalRefusal(
      'NUDGE_RATE_LIMITED',
      `The budget of ${this.#callsPerMinute} calls to Nudge a minute is spent`,
      { retryAfterMs: retryInMs },
    );
  }
}
