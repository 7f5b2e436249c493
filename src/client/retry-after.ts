import type { FetchResponse } from './host.js';

// For a date, and for a text that is no number: the device's clock may be wrong, so a date says nothing.
const UNREADABLE_RETRY_AFTER_S = 60;
// A longer wait is the mistake of a proxy.
const MAX_RETRY_AFTER_S = 3_600;

/**
 * Returns the longest wait that an answer asks for, in milliseconds; 0 if it asks for none. A list and the
 * `Retry-After-<name>` of named throttlers count too. In a browser, CORS has to expose the headers.
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
