import type { Cancel, Clock } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import type { TimeBudget } from '../common/time-budget.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { SHORTEST_ATTEMPT_MS } from './attempts.js';
import { callsPerSlice, type CallBudget, type CallUrgency } from './call-budget.js';
import type { CallPause } from './call-pause.js';
import { CallPlaces, NO_PLACE_LIMITS, type PlaceLimits } from './call-places.js';
import { LocalRefusal } from './call-refusal.js';
import { FairTickets } from './fair-tickets.js';
import type { RenewalPriority } from './renewal-priority.js';

/** The refusal while a 429 that another process, or another tenant, met is in force. */
export function pausedElsewhere(retryAfterMs: number): LocalRefusal {
  const message = "Nudge answered 429 to another caller that shares this one's budget";
  return new LocalRefusal('NUDGE_RATE_LIMITED', message, { retryAfterMs });
}

function tooManyAtOnce(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'Nudge leaves too many earlier calls without an answer');
}

/** Where there are no tenants, all calls stand in one lane. */
const ONLY_LANE = '';

interface Ticket {
  readonly lane: string;
  readonly priority: RenewalPriority;
  readonly deadline: Deadline;
  readonly timeBudget: TimeBudget | undefined;
  readonly admit: () => void;
  readonly refuse: (error: LocalRefusal) => void;
}

/**
 * Lets calls to one vendor through as the budget allows: those that a caller waits for first, the tenants in turns, the
 * calls of one tenant in the order they came. A call that cannot be served within its deadline is refused at once, so the
 * queue is as short as the deadlines.
 */
export class CallQueue {
  readonly #budget: CallBudget;
  readonly #pause: CallPause | undefined;
  readonly #callsPerMinute: number;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  readonly #places: CallPlaces;
  readonly #waiting: Readonly<Record<CallUrgency, FairTickets<Ticket>>> = {
    urgent: new FairTickets(),
    rotation: new FairTickets(),
  };
  #isServing = false;
  /** All calls that wait belong to tenants whose places are taken. */
  #waitsForPlace = false;
  #wake: () => void = () => undefined;

  constructor(
    budget: CallBudget,
    pause: CallPause | undefined,
    callsPerMinute: number,
    events: NudgeAuthEvents,
    clock: Clock,
    places: PlaceLimits = NO_PLACE_LIMITS,
  ) {
    this.#budget = budget;
    this.#pause = pause;
    this.#callsPerMinute = callsPerMinute;
    this.#events = events;
    this.#clock = clock;
    this.#places = new CallPlaces(places);
  }

  /**
   * Resolves when the call may be made; `ended` is to be called when it is over.
   *
   * @param timeBudget how long a budget that is counted in a store may be waited for.
   * @param lane the tenant whose call it is.
   * @throws {LocalRefusal} `NUDGE_RATE_LIMITED` when that is not before the deadline.
   */
  async admit(
    priority: RenewalPriority,
    deadline: Deadline,
    timeBudget?: TimeBudget,
    lane = ONLY_LANE,
  ): Promise<void> {
    const aheadMs = this.#waitBehindOthersMs(priority.urgency, lane);
    if (aheadMs > deadline.remainingMs() - SHORTEST_ATTEMPT_MS) throw this.#refusal(aheadMs);
    await new Promise<void>((resolve, reject) => {
      const ticket: Ticket = { lane, priority, deadline, timeBudget, admit: resolve, refuse: reject };
      this.#waiting[priority.urgency].add(ticket);
      priority.onRaised = () => this.#raise(ticket);
      if (this.#isServing) this.#wake();
      else void this.#serve();
    });
  }

  /** A call that was admitted is over: its place is free. */
  ended(lane = ONLY_LANE): void {
    this.#places.giveBack(lane);
    if (this.#waitsForPlace) this.#wake();
  }

  /** One more call for a caller that was admitted: a retry, another key. `false` when the budget has none left. */
  async takeMore(timeBudget?: TimeBudget): Promise<boolean> {
    timeBudget?.restart();
    return (await this.#budget.take('urgent', timeBudget)) === 0;
  }

  /** By the sustained rate, less what the budget holds ready at once. Urgent calls overtake rotations. */
  #waitBehindOthersMs(urgency: CallUrgency, lane: string): number {
    const { urgent, rotation } = this.#waiting;
    const before =
      urgency === 'urgent' ? urgent.countAheadOf(lane) : urgent.size + rotation.countAheadOf(lane);
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
    while (this.#waiting.urgent.size + this.#waiting.rotation.size > 0) {
      const ticket = this.#next();
      if (ticket === undefined) await this.#untilPlaceIsFree();
      else await this.#serveNext(ticket);
    }
    this.#isServing = false;
  }

  async #serveNext(ticket: Ticket): Promise<void> {
    const { urgency } = ticket.priority;
    const waitMs = await this.#budget.take(urgency, ticket.timeBudget);
    if (waitMs === 0) {
      if (!this.#waiting.urgent.serve(ticket)) this.#waiting.rotation.serve(ticket);
      this.#places.take(ticket.lane);
      ticket.admit();
      return;
    }
    ticket.timeBudget?.restart();
    this.#refuseThoseBefore(waitMs, urgency);
    // An urgent call may have come while the budget was asked for a rotation, whose wait is not the urgent one's.
    if (this.#next()?.priority.urgency === urgency) await this.#sleep(waitMs);
  }

  #next(): Ticket | undefined {
    const isOpen = (lane: string): boolean => this.#places.isFree(lane);
    return this.#waiting.urgent.next(isOpen) ?? this.#waiting.rotation.next(isOpen);
  }

  /** Until a call has ended or another one comes, but for no longer than the deadlines allow. */
  async #untilPlaceIsFree(): Promise<void> {
    this.#waitsForPlace = true;
    let spareMs = MINUTE_MS;
    for (const waiting of Object.values(this.#waiting)) {
      for (const { deadline } of waiting) spareMs = Math.min(spareMs, deadline.remainingMs());
    }
    await this.#sleep(Math.max(1, spareMs - SHORTEST_ATTEMPT_MS));
    this.#waitsForPlace = false;
    this.#refuseThoseBefore(1, 'urgent', tooManyAtOnce);
  }

  #remove(ticket: Ticket): void {
    if (!this.#waiting.urgent.delete(ticket)) this.#waiting.rotation.delete(ticket);
  }

  /** Refuses the calls that would wait in vain. A rotation's wait says nothing of the urgent calls. */
  #refuseThoseBefore(
    waitMs: number,
    urgency: CallUrgency,
    reason = (): LocalRefusal => this.#refusal(waitMs),
  ): void {
    const { urgent, rotation } = this.#waiting;
    const affected = urgency === 'urgent' ? [...urgent, ...rotation] : [...rotation];
    const hopeless = affected.filter(({ deadline }) => deadline.remainingMs() - SHORTEST_ATTEMPT_MS < waitMs);
    for (const ticket of hopeless) this.#remove(ticket);
    for (const ticket of hopeless) ticket.refuse(reason());
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
