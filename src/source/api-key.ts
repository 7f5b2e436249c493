import type { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import { Secret } from '../common/secret.js';

/** Asks for an API key anew, so that a rotated one is seen. */
export type ApiKeyProvider = Secret | (() => string | Promise<string>);

const UNUSABLE = /[^\x21-\x7e]|^["'`]|["'`]$/;

function unavailable(reason: string, cause?: unknown): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `The API key could not be read: ${reason}`, { cause });
}

/** What a secret manager throws may quote the secret; its kind is all that may go further. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/**
 * The API key to use for the next call.
 *
 * @throws {NudgeAuthError} `NUDGE_UNAVAILABLE` when the host's function throws, takes longer than the deadline, or
 * returns what cannot be a key.
 */
export async function askForApiKey(provider: ApiKeyProvider, deadline: Deadline): Promise<Secret> {
  if (provider instanceof Secret) return provider;
  let key: unknown;
  try {
    key = await deadline.race(
      Promise.resolve().then(provider),
      () => new NudgeAuthError('NUDGE_TIMEOUT', 'The function given as API key did not answer in time'),
    );
  } catch (error) {
    if (error instanceof NudgeAuthError) throw error;
    throw unavailable(`the function given for it failed (${nameOf(error)})`);
  }
  if (typeof key !== 'string' || key === '' || UNUSABLE.test(key)) {
    throw unavailable(
      'the function given for it must return a non-empty string without white space or quotes',
    );
  }
  return new Secret(key);
}
