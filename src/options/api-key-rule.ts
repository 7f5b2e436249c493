import { apiKeyProblem, MAX_API_KEY_LENGTH } from '../vendor/api-key-problem.js';
import { checkedBy } from './option-rules.js';

/**
 * An API key, or a function that is asked for it before every call to Nudge, so that keys rotate without a restart.
 *
 * @publicApi
 */
export type ApiKeyOption = string | (() => string | Promise<string>);

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
