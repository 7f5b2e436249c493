import type { Clock } from './clock.js';

/** What a caller may lose to a store that does not answer. */
const STORE_PATIENCE_MS = 300;

class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';
}

/**
 * How long one caller may wait for the store, whatever it is asked. Only the time counts in which it is asked: not what
 * the vendor takes, nor a place in the queue.
 */
export class TimeBudget {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #leftMs: number;

  constructor(clock: Clock, patienceMs = STORE_PATIENCE_MS) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#leftMs = patienceMs;
  }

  /** Begins anew: the caller was waiting for others meanwhile. */
  renew(): void {
    this.#leftMs = this.#patienceMs;
  }

  /**
   * What `work` comes to. An answer that is here when the timeBudget ends, and only not read yet, still counts.
   *
   * @throws when `work` does, or there is no answer.
   */
  within<T>(work: () => Promise<T>): Promise<T> {
    return this.#lose((resolve, reject) => {
      const cancel = this.#clock.schedule(this.#leftMs, () => {
        setImmediate(() => reject(new NoAnswer()));
      });
      void Promise.resolve().then(work).then(resolve, reject).finally(cancel);
    });
  }

  /** The same of what goes on without the caller, and never rejects: `undefined` when it takes longer. */
  atMost<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#lose((resolve) => {
      const cancel = this.#clock.schedule(this.#leftMs, () => resolve(undefined));
      void work.then(resolve).finally(cancel);
    });
  }

  async #lose<T>(wait: ConstructorParameters<typeof Promise<T>>[0]): Promise<T> {
    const beganMs = this.#clock.now().monotonicMs;
    try {
      return await new Promise(wait);
    } finally {
      this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.now().monotonicMs - beganMs));
    }
  }
}
