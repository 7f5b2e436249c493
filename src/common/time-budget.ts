import type { Clock } from './clock.js';
import { arrivedWithin, settledWithin } from './within.js';

/**
 * How long one caller may wait for another system, such as the store, in all its calls together. The time that the
 * vendor takes, and the time in the queue, do not count.
 */
export class TimeBudget {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #leftMs: number;

  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
    this.#leftMs = budgetMs;
  }

  /** Starts again with the full budget, after the caller has waited for something else. */
  restart(): void {
    this.#leftMs = this.#budgetMs;
  }

  /**
   * Returns the result of `work`. An answer that has arrived in time still counts if the process reads it later.
   *
   * @throws what `work` throws; `NoAnswer` when no answer arrives in time.
   */
  within<T>(work: () => Promise<T>): Promise<T> {
    return this.#spend(arrivedWithin(this.#clock, this.#leftMs, Promise.resolve().then(work)));
  }

  /** Returns the result of work that never rejects; `undefined` when the time is up first. The work then goes on. */
  atMost<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#spend(settledWithin(this.#clock, this.#leftMs, work));
  }

  async #spend<T>(wait: Promise<T>): Promise<T> {
    const beganMs = this.#clock.now().monotonicMs;
    try {
      return await wait;
    } finally {
      this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.now().monotonicMs - beganMs));
    }
  }
}
