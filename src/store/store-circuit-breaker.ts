import type { Cancel, Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { failureReasonOf } from '../common/error-kind.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { equalJitterMs } from '../common/backoff-delay.js';
import { TimeBudget } from '../common/deadline.js';
import type { TokenStore } from './token-store.js';

/** The store has failed or did not answer in time: the caller goes on without it. */
export const STORE_LOST = Symbol('store lost');

/** Milliseconds that a caller may wait for a store that does not answer. */
const CALLER_BUDGET_MS = 300;

const FIRST_PROBE_MS = SECOND_MS;
const LONGEST_PROBE_MS = 10 * SECOND_MS;
/** Shorter than the budget of a caller: otherwise the next caller could lose a store that is only just fast enough. */
const PROBE_BUDGET_MS = 240;

/**
 * Stands between a store and its callers. After a failure callers no longer use the store. A probe tests it now and then,
 * after a random delay, so that the processes do not return to it at the same moment.
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
  /** The store answers again, and the listeners for its return still run. */
  #isReturning = false;
  readonly #returnListeners = new Set<() => Promise<void>>();

  /** @param probe uses the store as a renewal does, and rejects if that fails. */
  constructor(probe: () => Promise<unknown>, events: NudgeAuthEvents, clock: Clock, random: Random) {
    this.#probe = probe;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Adds a listener that runs when the store answers again, before the store counts as back. It must not reject.
   *
   * @returns a function that removes the listener.
   */
  onReturn(listener: () => Promise<void>): () => void {
    this.#returnListeners.add(listener);
    return () => this.#returnListeners.delete(listener);
  }

  /** The time that one caller may wait for the store in all. */
  timeBudget(): TimeBudget {
    return new TimeBudget(this.#clock, CALLER_BUDGET_MS);
  }

  /** The answer of the store, or `STORE_LOST`: at once while the store is lost, otherwise after the time budget. */
  async ask<T>(
    operation: string,
    timeBudget: TimeBudget,
    work: () => Promise<T>,
  ): Promise<T | typeof STORE_LOST> {
    if (this.#isLost) return STORE_LOST;
    try {
      return await timeBudget.within(work);
    } catch (error) {
      // Fails open on purpose: the store only saves renewals, so its failure must never cost a user the token.
      this.#lose(operation, failureReasonOf(error));
      return STORE_LOST;
    }
  }

  /** Opens the circuit breaker for a failure that the store itself has noticed, before the next caller would meet it. */
  noticed(operation: string, error: unknown): void {
    if (!this.#isClosed) this.#lose(operation, failureReasonOf(error));
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
    // A listener may have lost the store again. Then it is not reported as back.
    if (!this.#isLost) this.#events.emit({ type: 'store-back' });
  }
}

/** What the store does in the background. Log lines and the event `store-lost` name it as the operation that failed. */
export const LOOK_FOR_INVALIDATIONS = 'look for invalidations';

/**
 * Creates a circuit breaker for a store. Its probe does what a renewal does, with an entry that only this process uses. A
 * store that can do only a part of it, or does it too slowly, would be lost again with the next renewal.
 *
 * @param origin the vendor's origin.
 */
export function watchStore(
  store: TokenStore,
  origin: string,
  events: NudgeAuthEvents,
  clock: Clock,
  random: Random,
): StoreCircuitBreaker {
  const entry = `probe ${random()}`;
  const probe = async (): Promise<void> => {
    await store.read(entry);
    const lease = await store.acquire(entry);
    await Promise.all([lease?.release(), store.callLimitsOf?.(origin).look()]);
  };
  return new StoreCircuitBreaker(probe, events, clock, random);
}
