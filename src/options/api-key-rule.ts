import { MAX_API_KEY_LENGTH } from '../vendor/api-key.js';
import { checkedBy } from './option-rules.js';

/**
 * An API key, or a function that is asked for it before every call to Nudge, so that keys rotate without a restart.
 *
 * @publicApi
 */
export type ApiKeyOption = string | (() => string | Promise<string>);

/** What is wrong with an API key, in words that never quote it; `undefined` when nothing is. */
export function apiKeyProblem(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'must be a string';
  // First, so that no other rule looks at it.
  if (key.length > MAX_API_KEY_LENGTH) {
    return `is longer than ${MAX_API_KEY_LENGTH} characters, as no key is: give the key and nothing else`;
  }
  if (key.trim() === '') return 'is empty';
  if (/^["'`]|["'`]$/.test(key.trim())) return 'has quotes around it: remove them';
  if (key.startsWith('\uFEFF')) return 'begins with a byte order mark: save it without one';
  if (/\s/.test(key)) return 'contains white space or a line break: remove it';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'contains characters that cannot stand in an HTTP header';
  return undefined;
}

/**
 * The rule of an API key.
 *
 * @param said what is said of a key that is missing, and of an empty one.
 * @internal
 */
export function apiKey(said: { missing: string; empty: string }) {
  return checkedBy<ApiKeyOption>((value) => {
    if (typeof value === 'function') return undefined;
    if (value === undefined || value === null) return said.missing;
    if (typeof value !== 'string') return 'must be a string, or a function that returns one';
    if (value.length <= MAX_API_KEY_LENGTH && value.trim() === '') return said.empty;
    return apiKeyProblem(value);
  });
}
