import type { Cancel, Clock } from '../common/clock.js';
import type { Deadline, TimeBudget } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { SHORTEST_ATTEMPT_MS } from './attempts.js';
import { callsPerSlice, type CallBudget, type CallPause, type CallUrgency } from './call-budget.js';
import { CallPlaces, FairTickets, NO_PLACE_LIMITS, type PlaceLimits } from './call-lanes.js';
import { LocalRefusal } from './failures.js';
import type { RenewalPriority } from './vendor-call.js';

/** The refusal during a pause that another process or another tenant has begun after a 429. */
export function pausedElsewhere(retryAfterMs: number): LocalRefusal {
  const message = 'Nudge answered 429 to another process or tenant that shares this budget';
  return new LocalRefusal('NUDGE_RATE_LIMITED', message, { retryAfterMs });
}

function tooManyAtOnce(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'Too many earlier calls still wait for an answer of Nudge');
}

/** Without tenants, all calls are in one lane. */
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
 * Admits calls to one vendor as the budget allows. Calls that a caller waits for go first. Tenants take turns, and the
 * calls of one tenant keep their order. A call that cannot be served within its deadline is refused at once, so the
 * deadlines limit the length of the queue.
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
  /** Whether all waiting calls belong to tenants whose places are taken. */
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
   * Resolves when the call may be made. The caller must call `ended` when the call is over.
   *
   * @param timeBudget how long the call may wait for a store that counts the budget.
   * @param lane the tenant that makes the call.
   * @throws {LocalRefusal} `NUDGE_RATE_LIMITED` when the budget has no call before the deadline; `NUDGE_UNAVAILABLE`
   * when too many calls are under way.
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

  /** Frees the place of a call that was admitted and is over. */
  ended(lane = ONLY_LANE): void {
    this.#places.giveBack(lane);
    if (this.#waitsForPlace) this.#wake();
  }

  /** Takes one more call for a retry or another key. Returns `false` if the budget has none left. */
  async takeMore(timeBudget?: TimeBudget): Promise<boolean> {
    timeBudget?.restart();
    return (await this.#budget.take('urgent', timeBudget)) === 0;
  }

  /** Reckoned by the sustained rate, less the calls of one slice, which go at once. Urgent calls overtake rotations. */
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
    this.#refuseTooLate(waitMs, urgency);
    // An urgent call may have come while the budget was asked for a rotation. It does not wait as long as the rotation.
    if (this.#next()?.priority.urgency === urgency) await this.#sleep(waitMs);
  }

  #next(): Ticket | undefined {
    const isOpen = (lane: string): boolean => this.#places.isFree(lane);
    return this.#waiting.urgent.next(isOpen) ?? this.#waiting.rotation.next(isOpen);
  }

  /** Waits until a call has ended or another one comes, but no longer than the deadlines allow. */
  async #untilPlaceIsFree(): Promise<void> {
    this.#waitsForPlace = true;
    let spareMs = MINUTE_MS;
    for (const waiting of Object.values(this.#waiting)) {
      for (const { deadline } of waiting) spareMs = Math.min(spareMs, deadline.remainingMs());
    }
    await this.#sleep(Math.max(1, spareMs - SHORTEST_ATTEMPT_MS));
    this.#waitsForPlace = false;
    this.#refuseTooLate(1, 'urgent', tooManyAtOnce);
  }

  #remove(ticket: Ticket): void {
    if (!this.#waiting.urgent.delete(ticket)) this.#waiting.rotation.delete(ticket);
  }

  /** Refuses the calls whose deadline ends before the wait. A wait for a rotation does not concern urgent calls. */
  #refuseTooLate(
    waitMs: number,
    urgency: CallUrgency,
    reason = (): LocalRefusal => this.#refusal(waitMs),
  ): void {
    const { urgent, rotation } = this.#waiting;
    const affected = urgency === 'urgent' ? [...urgent, ...rotation] : [...rotation];
    const tooLate = affected.filter(({ deadline }) => deadline.remainingMs() - SHORTEST_ATTEMPT_MS < waitMs);
    for (const ticket of tooLate) this.#remove(ticket);
    for (const ticket of tooLate) ticket.refuse(reason());
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
      `The budget of ${this.#callsPerMinute} calls to Nudge per minute is spent`,
      { retryAfterMs: retryInMs },
    );
  }
}
