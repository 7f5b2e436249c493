import type { Random } from './clock.js';

/** Keeps `2 ** failures` from overflowing. The ceiling reaches every longest wait after fewer doublings. */
const MOST_DOUBLINGS = 16;

/**
 * The milliseconds to wait before the next attempt: a random time below a ceiling that doubles with each failure.
 * Processes that fail at the same moment so try again at different moments.
 *
 * @param failures failures in a row, 1 for the first.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
 */
export function fullJitterMs(failures: number, firstMs: number, longestMs: number, random: Random): number {
  return random() * doublingMs(failures, firstMs, longestMs);
}

/** A random time between half of the ceiling and the ceiling: for waits that must not be too short. */
export function equalJitterMs(failures: number, firstMs: number, longestMs: number, random: Random): number {
  return doublingMs(failures, firstMs, longestMs) * (0.5 + random() / 2);
}

/** Doubles with each failure up to `longestMs`, without jitter: for waits that one process alone keeps. */
export function doublingMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, MOST_DOUBLINGS));
}
