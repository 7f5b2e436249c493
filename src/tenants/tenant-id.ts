import { NudgeAuthError } from '../common/errors.js';
import { MAX_TENANT_ID_LENGTH } from '../options/tenants.options.js';

/**
 * Checks the id of a tenant and returns it unchanged. Ids are compared exactly: blanks, case and Unicode form matter.
 *
 * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` if it is not a valid id: there is no default tenant.
 */
export function tenantIdOf(given: unknown): string {
  if (typeof given !== 'string' || given === '' || given.length > MAX_TENANT_ID_LENGTH) {
    throw invalid(`must be a string of 1 to ${MAX_TENANT_ID_LENGTH} characters`);
  }
  if (/\p{Cc}/u.test(given)) throw invalid('must not have control characters');
  // In UTF-8 two different ids with broken surrogate pairs would become the same bytes.
  if (/\p{Surrogate}/u.test(given)) throw invalid('must be well-formed Unicode text');
  return given;
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', `The tenant ${message}`);
}
