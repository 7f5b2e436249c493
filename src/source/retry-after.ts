import { SECOND_MS } from '../common/durations.js';

/**
 * Milliseconds that a `Retry-After` header asks to wait, counted from `nowMs`; `undefined` without a readable one.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
