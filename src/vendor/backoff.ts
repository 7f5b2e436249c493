import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { fullJitterMs } from '../common/backoff-delay.js';

const FIRST_CEILING_MS = SECOND_MS;
/** The longest wait. A longer `Retry-After` is cut to it. */
export const LONGEST_BACKOFF_MS = MINUTE_MS;

interface DelayBounds {
  /** The shortest wait in milliseconds, for example the vendor's `Retry-After`. */
  readonly atLeastMs?: number | undefined;
  /** The longest wait in milliseconds, for any number of failures. */
  readonly atMostMs?: number | undefined;
}

/**
 * Says when the next attempt may be made after failures: full jitter under a ceiling that doubles from 1 s to 60 s.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: Random;
  #failures = 0;
  #failingSince: Instant | undefined;
  #setAt: Instant | undefined;
  #delayMs = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds until the next attempt may be made; 0 if it may be made now. */
  remainingMs(): number {
    if (this.#setAt === undefined) return 0;
    return Math.max(0, this.#delayMs - elapsedMs(this.#setAt, this.#clock.now()));
  }

  /** Counts a failure and sets the wait. Returns the wait in milliseconds. */
  fail({ atLeastMs = 0, atMostMs = LONGEST_BACKOFF_MS }: DelayBounds = {}): number {
    const now = this.#clock.now();
    this.#failures += 1;
    const jitterMs = fullJitterMs(this.#failures, FIRST_CEILING_MS, LONGEST_BACKOFF_MS, this.#random);
    this.#failingSince ??= now;
    this.#setAt = now;
    const longestMs = Math.min(LONGEST_BACKOFF_MS, atMostMs);
    this.#delayMs = Math.min(longestMs, Math.max(jitterMs, atLeastMs));
    return this.#delayMs;
  }

  /** Extends the current wait to at least `atLeastMs` milliseconds from now. Returns whether that made it longer. */
  extend(atLeastMs = 0): boolean {
    const neededMs = Math.min(LONGEST_BACKOFF_MS, atLeastMs);
    if (this.#setAt === undefined || neededMs <= this.remainingMs()) return false;
    this.#setAt = this.#clock.now();
    this.#delayMs = neededMs;
    return true;
  }

  /** Ends the run of failures. Returns how long it lasted, in milliseconds; `undefined` if there was none. */
  succeed(): number | undefined {
    const since = this.#failingSince;
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#setAt = undefined;
    return since === undefined ? undefined : elapsedMs(since, this.#clock.now());
  }
}
