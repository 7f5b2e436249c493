import { MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** A duration for the user: `850 ms`, `90 s`, `30 minutes`. */
export function duration(ms: number): string {
  if (Math.abs(ms) < SECOND_MS) return `${Math.round(ms)} ms`;
  if (Math.abs(ms) < 2 * MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  return `${Math.round(ms / MINUTE_MS)} minutes`;
}
