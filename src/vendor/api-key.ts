import { types } from 'node:util';
import type { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { systemErrorCodeOf } from '../common/system-error.js';
import { apiKeyProblem } from './api-key-problem.js';
import { timeout } from './call-refusal.js';

/** Where an API key comes from that is to be looked up anew once the vendor has refused it. */
export interface ApiKeySource {
  /** @param isRefused whether the vendor has just refused the key given last. */
  key(isRefused: boolean): Secret | Promise<Secret>;
}

/** Asks for an API key anew, so that a rotated one is seen. */
export type ApiKeyProvider = Secret | (() => string | Promise<string>) | ApiKeySource;

function unavailable(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `The API key could not be read: ${reason}`);
}

/** What a secret manager throws may quote the secret, in any of its fields; its kind is all that may go further. */
function kindOf(error: unknown): string {
  // Not `instanceof`: what Node throws may stem from another realm than this module.
  if (!types.isNativeError(error)) return typeof error;
  const code = systemErrorCodeOf(error);
  const name = /^[A-Z][a-zA-Z]*(Error|Exception)$/.test(error.name) ? error.name : 'Error';
  return code === undefined ? name : `${name}, ${code}`;
}

class TooLate extends Error {}

/**
 * The API key to use for the next call.
 *
 * @throws {NudgeAuthError} `NUDGE_UNAVAILABLE` when the host's function throws, takes longer than the deadline, or
 * returns what cannot be a key.
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
    key = await deadline.race(Promise.resolve().then(provider), () => new TooLate());
  } catch (error) {
    if (error instanceof TooLate) {
      throw new NudgeAuthError('NUDGE_TIMEOUT', 'The function given as API key did not answer in time');
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
