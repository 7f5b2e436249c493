import { SECOND_MS } from '../common/durations.js';
import { LONGEST_BACKOFF_MS } from './backoff.js';

/** `Sun, 06 Nov 1994 08:49:37 GMT`. `Date.parse` alone would accept nearly any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds to wait by a `Retry-After` header, counted from `nowMs`; `undefined` if there is none or it cannot be
 * read. At most a minute, so that a wrong header does not stop all tokens for a day.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * SECOND_MS, LONGEST_BACKOFF_MS);
  const dateMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), LONGEST_BACKOFF_MS);
}
