import type { Clock, Instant } from './clock.js';
import { within } from './within.js';

/**
 * The moment by which a piece of work must have ended, well or badly. Counted by the monotonic clock alone: a wall clock
 * that is set ahead must not fail the requests under way.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsAtMs: number;

  /**
   * @param durationMs milliseconds from its beginning.
   * @param begunAt default: now.
   */
  constructor(clock: Clock, durationMs: number, begunAt: Instant = clock.now()) {
    this.#clock = clock;
    this.#endsAtMs = begunAt.monotonicMs + durationMs;
  }

  /** Milliseconds that are left; never negative. */
  remainingMs(): number {
    return Math.max(0, this.#endsAtMs - this.#clock.now().monotonicMs);
  }

  /** What `work` comes to, or a rejection with `late()` when that takes longer than what is left. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return within(this.#clock, this.remainingMs(), work, late);
  }
}
