import type { Random } from './clock.js';

/** Beyond this the ceiling would overflow; it is above every longest wait long before. */
const MOST_DOUBLINGS = 16;

/**
 * The milliseconds to wait before the next attempt: anything up to a ceiling that doubles with each failure, so that
 * those who failed together do not return together.
 *
 * @param failures failures in a row, 1 for the first.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
 */
export function fullJitterMs(failures: number, firstMs: number, longestMs: number, random: Random): number {
  return random() * doublingMs(failures, firstMs, longestMs);
}

/** Half of the ceiling for sure, and anything up to the other half: for waits that must not be too short. */
export function equalJitterMs(failures: number, firstMs: number, longestMs: number, random: Random): number {
  return doublingMs(failures, firstMs, longestMs) * (0.5 + random() / 2);
}

/** Doubles with each failure up to `longestMs`, without chance: for a process that waits alone. */
export function doublingMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, MOST_DOUBLINGS));
}
