import type { Clock, Instant } from './clock.js';
import { within } from './within.js';

/**
 * The moment by which some work must have ended. It uses the monotonic clock alone: a step of the wall clock must not
 * fail the requests under way.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsAtMs: number;

  /**
   * @param durationMs milliseconds from `begunAt` to the deadline.
   * @param begunAt default: now.
   */
  constructor(clock: Clock, durationMs: number, begunAt: Instant = clock.now()) {
    this.#clock = clock;
    this.#endsAtMs = begunAt.monotonicMs + durationMs;
  }

  /** The remaining milliseconds; never negative. */
  remainingMs(): number {
    return Math.max(0, this.#endsAtMs - this.#clock.now().monotonicMs);
  }

  /** Settles as `work` does, or rejects with `late()` at the deadline. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return within(this.#clock, this.remainingMs(), work, late);
  }
}
