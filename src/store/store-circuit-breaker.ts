import type { Cancel, Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { failureReasonOf } from '../common/failure-reason.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { equalJitterMs } from '../common/backoff-delay.js';
import { TimeBudget } from '../common/time-budget.js';

/** The store did not answer, or not well: the caller goes on without it. */
export const STORE_LOST = Symbol('store lost');

/** Milliseconds that a caller may lose to a store that does not answer. */
const CALLER_BUDGET_MS = 300;

const FIRST_PROBE_MS = SECOND_MS;
const LONGEST_PROBE_MS = 10 * SECOND_MS;
/** Less than callers have: a store that is only just quick enough would be lost again by the next caller. */
const PROBE_BUDGET_MS = 240;

/**
 * Stands between a store and its callers. A store that has failed is not asked any more, except by a probe now and then,
 * after a random wait, so that the processes do not return to it together.
 */
export class StoreCircuitBreaker {
  readonly #probe: () => Promise<unknown>;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  #isLost = false;
  #failedProbes = 0;
  #cancelProbe: Cancel = () => undefined;
  #isClosed = false;
  /** It answers again, and what was to be done on its return is being done. */
  #isReturning = false;
  readonly #returnListeners = new Set<() => Promise<void>>();

  /** @param probe asks the store for what it is needed for; rejects while it is of no use. */
  constructor(probe: () => Promise<unknown>, events: NudgeAuthEvents, clock: Clock, random: Random) {
    this.#probe = probe;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Adds what is to be done on the store's return, before it counts as back. Must not reject. Returns how to end that. */
  onReturn(listener: () => Promise<void>): () => void {
    this.#returnListeners.add(listener);
    return () => this.#returnListeners.delete(listener);
  }

  /** How long one caller may wait for the store in all. */
  timeBudget(): TimeBudget {
    return new TimeBudget(this.#clock, CALLER_BUDGET_MS);
  }

  /** What the store says, or `STORE_LOST`: at once while it is known to be lost, else when the time budget is spent. */
  async ask<T>(
    operation: string,
    timeBudget: TimeBudget,
    work: () => Promise<T>,
  ): Promise<T | typeof STORE_LOST> {
    if (this.#isLost) return STORE_LOST;
    try {
      return await timeBudget.within(work);
    } catch (error) {
      // Fails open on purpose: the store makes renewals fewer, it must never be why a user gets no token.
      this.#lose(operation, failureReasonOf(error));
      return STORE_LOST;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelProbe();
  }

  #lose(operation: string, reason: string | undefined): void {
    if (this.#isLost) return;
    this.#isLost = true;
    if (this.#isReturning) this.#failedProbes += 1;
    else {
      this.#failedProbes = 0;
      this.#events.emit({ type: 'store-lost', operation, reason });
    }
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#isClosed) return;
    const delayMs = equalJitterMs(this.#failedProbes + 1, FIRST_PROBE_MS, LONGEST_PROBE_MS, this.#random);
    this.#cancelProbe = this.#clock.schedule(delayMs, () => void this.#tryAgain(), { background: true });
  }

  async #tryAgain(): Promise<void> {
    try {
      await new TimeBudget(this.#clock, PROBE_BUDGET_MS).within(this.#probe);
    } catch {
      this.#failedProbes += 1;
      this.#scheduleProbe();
      return;
    }
    if (this.#isClosed) return;
    this.#isLost = false;
    this.#isReturning = true;
    for (const listener of this.#returnListeners) await listener();
    this.#isReturning = false;
    // Nothing is said of a return that came to nothing.
    if (!this.#isLost) this.#events.emit({ type: 'store-back' });
  }
}
