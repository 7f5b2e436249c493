import { MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** Whoever asks for more is asked again all the same: a mistyped header must not switch tokens off for a day. */
const LONGEST_RETRY_AFTER_MS = MINUTE_MS;

/** `Sun, 06 Nov 1994 08:49:37 GMT`. `Date.parse` alone would find a date in nearly any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds that a `Retry-After` header asks to wait, counted from `nowMs`, a minute at most; `undefined` without a
 * readable one.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * SECOND_MS, LONGEST_RETRY_AFTER_MS);
  const dateMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), LONGEST_RETRY_AFTER_MS);
}
