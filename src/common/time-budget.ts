import type { Clock } from './clock.js';
import { arrivedWithin, settledWithin } from './within.js';

/**
 * How long one caller may wait for somebody else, in all its questions together. Only the time counts in which the
 * caller asks: not what the vendor takes, nor a place in the queue.
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

  /** Begins anew: the caller was waiting for others meanwhile. */
  restart(): void {
    this.#leftMs = this.#budgetMs;
  }

  /**
   * The result of `work`. An answer that has arrived when the time is up, and only was not read yet, still counts.
   *
   * @throws when `work` does; `NoAnswer` when no answer comes in time.
   */
  within<T>(work: () => Promise<T>): Promise<T> {
    return this.#spend(arrivedWithin(this.#clock, this.#leftMs, Promise.resolve().then(work)));
  }

  /** The result of work that goes on without the caller and never rejects; `undefined` when the time is up before. */
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
