import { elapsedMs, type Clock, type Instant } from './clock.js';

/** The moment by which a piece of work must have ended, well or badly. */
export class Deadline {
  readonly #clock: Clock;
  readonly #startedAt: Instant;
  readonly #durationMs: number;

  /** @param durationMs milliseconds from now. */
  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#durationMs = durationMs;
  }

  /** Milliseconds that are left; never negative. */
  remainingMs(): number {
    return Math.max(0, this.#durationMs - elapsedMs(this.#startedAt, this.#clock.now()));
  }

  /** What `work` comes to, or a rejection with `late()` when that takes longer than what is left. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(this.remainingMs(), () => reject(late()));
      work.then(resolve, reject).finally(cancel);
    });
  }
}
