import { apiKeyProblem, MAX_API_KEY_LENGTH } from '../vendor/api-key-problem.js';
import { checkedBy } from './option-rules.js';

/**
 * An API key, or a function that returns it. The module calls the function before every call to Nudge, so that a key can
 * be replaced without a restart.
 *
 * @publicApi
 */
export type ApiKeyOption = string | (() => string | Promise<string>);

/**
 * The rule that an API key must keep.
 *
 * @param messages for a missing key and for an empty one.
 * @internal
 */
export function apiKey(messages: { missing: string; empty: string }) {
  return checkedBy<ApiKeyOption>((value) => {
    if (typeof value === 'function') return undefined;
    if (value === undefined || value === null) return messages.missing;
    if (typeof value !== 'string') return 'must be a string, or a function that returns one';
    if (value.length <= MAX_API_KEY_LENGTH && value.trim() === '') return messages.empty;
    return apiKeyProblem(value);
  });
}
