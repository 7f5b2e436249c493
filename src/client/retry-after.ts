import type { FetchResponse } from './host.js';

// For a date, or what is no number: a device's clock cannot be trusted with a date.
const UNREADABLE_RETRY_AFTER_S = 60;
// No proxy's nonsense silences a client for a day.
const MAX_RETRY_AFTER_S = 3_600;

/**
 * The longest wait that an answer asks for, in milliseconds; 0 if it asks for none. A list and the `Retry-After-<name>`
 * of named throttlers count too; in a browser, CORS has to expose the header.
 */
export const readRetryAfterMs = (headers: FetchResponse['headers']): number => {
  let text = headers.get('retry-after') ?? '';
  headers.forEach?.((value, name) => {
    if (/^retry-after-/i.test(name)) text += `,${value}`;
  });
  const waitsS = text
    .split(',')
    .map(Number)
    .map((waitS) => (waitS >= 0 ? waitS : UNREADABLE_RETRY_AFTER_S));
  return Math.min(Math.max(...waitsS), MAX_RETRY_AFTER_S) * 1_000;
};
