import type { FetchResponse } from './host.js';

// For a date, because the device's clock may be wrong, and for any other text that is not a number.
const UNREADABLE_RETRY_AFTER_S = 60;
// A longer wait can only be a mistake, such as a proxy's.
const MAX_RETRY_AFTER_S = 3_600;

/**
 * Returns the longest wait that an answer asks for, in milliseconds; 0 if it asks for none. Also reads a list of waits,
 * and the headers `Retry-After-<name>` of named throttlers. In a browser, CORS must expose these headers.
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
