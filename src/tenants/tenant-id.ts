import { NudgeAuthError } from '../common/errors.js';
import { MAX_TENANT_ID_LENGTH } from '../options/tenants.options.js';

/**
 * A tenant's id as it was given: compared exactly, neither trimmed nor folded nor normalised.
 *
 * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` for everything else: there is no default tenant.
 */
export function tenantIdOf(given: unknown): string {
  if (typeof given !== 'string' || given === '' || given.length > MAX_TENANT_ID_LENGTH) {
    throw invalid(`must be a string of 1 to ${MAX_TENANT_ID_LENGTH} characters`);
  }
  if (/\p{Cc}/u.test(given)) throw invalid('must not have control characters');
  // Two halves of surrogate pairs would be the same bytes in a store.
  if (/\p{Surrogate}/u.test(given)) throw invalid('must be well-formed Unicode text');
  return given;
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', `The tenant ${message}`);
}
