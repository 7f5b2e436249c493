import { startTimer, type RefreshTokenClock } from './clock.js';

/** Limits the time for everything that is waited for. */
export class TimeLimits {
  readonly #clock: RefreshTokenClock;
  readonly #limitMs: number;
  readonly #ends = new Set<() => void>();

  constructor(clock: RefreshTokenClock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Resolves as `work` does, or to `undefined` once the time is up. `work` must not reject. */
  within<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const end = (value?: T): void => {
        stopTimer();
        this.#ends.delete(end);
        resolve(value);
      };
      const stopTimer = startTimer(this.#clock, this.#limitMs, end);
      this.#ends.add(end);
      void work.then(end);
    });
  }

  /** The time for everything is up at once; no timer is left. */
  end(): void {
    for (const end of this.#ends) end();
  }
}
