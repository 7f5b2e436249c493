import { types } from 'node:util';
import type { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { systemErrorCodeOf } from '../common/system-error.js';
import { apiKeyProblem } from './api-key-problem.js';
import { timeout } from './call-refusal.js';

/** A source of an API key that hears when the vendor has refused the key, and can then look it up again. */
export interface ApiKeySource {
  /** @param isRefused whether the vendor has just refused the last key of this source. */
  key(isRefused: boolean): Secret | Promise<Secret>;
}

/** An API key, or where to get it before each call, so that a rotated key is used at once. */
export type ApiKeyProvider = Secret | (() => string | Promise<string>) | ApiKeySource;

function unavailable(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `The API key could not be read: ${reason}`);
}

/** Only the kind of the error is reported: an error of a secret manager may quote the secret in any of its fields. */
function kindOf(error: unknown): string {
  // `instanceof` would miss errors of another realm, which Node can throw.
  if (!types.isNativeError(error)) return typeof error;
  const code = systemErrorCodeOf(error);
  const name = /^[A-Z][a-zA-Z]*(Error|Exception)$/.test(error.name) ? error.name : 'Error';
  return code === undefined ? name : `${name}, ${code}`;
}

class KeyTimeout extends Error {}

/**
 * The API key for the next call.
 *
 * @throws {NudgeAuthError} `NUDGE_UNAVAILABLE` when the host's function throws or returns no valid key; `NUDGE_TIMEOUT`
 * when it takes longer than the deadline.
 */
export async function askForApiKey(
  provider: ApiKeyProvider,
  deadline: Deadline,
  isRefused = false,
): Promise<Secret> {
  if (provider instanceof Secret) return provider;
  if (typeof provider !== 'function') {
    return deadline.race(Promise.resolve(provider.key(isRefused)), timeout);
  }
  let key: unknown;
  try {
    key = await deadline.race(Promise.resolve().then(provider), () => new KeyTimeout());
  } catch (error) {
    if (error instanceof KeyTimeout) {
      throw new NudgeAuthError(
        'NUDGE_TIMEOUT',
        'The function given as apiKey did not return within the deadline',
      );
    }
    throw unavailable(`the function given for it failed (${kindOf(error)})`);
  }
  if (typeof key !== 'string' || apiKeyProblem(key) !== undefined) {
    throw unavailable(
      'the function given for it must return a string of 1 to 4096 characters without white space or quotes',
    );
  }
  return new Secret(key);
}
