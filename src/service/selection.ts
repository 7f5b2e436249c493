import { NudgeAuthError } from '../common/errors.js';
import { EXPIRY_MINS_RANGE, isExpiryMins } from '../options/expiry-mins.js';
import { MAX_EXT_ID_LENGTH } from '../options/nudge-auth.options.js';
import type { NudgeTokenSelector } from './nudge-token.types.js';

/** The checked selection of a caller. */
export interface Selection {
  /** `undefined`: the default of the registration, or of the tenant. */
  readonly expiryMins: number | undefined;
  readonly extId: string | undefined;
}

/** A selection with the default lifetime. */
export interface DefiniteSelection extends Selection {
  readonly expiryMins: number;
}

/**
 * Checks which token of an account a caller selects.
 *
 * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` if a value is out of bounds or does not fit the scope.
 */
export function selectionOf({ expiryMins, extId }: NudgeTokenSelector, scope: 'client' | 'user'): Selection {
  if (expiryMins !== undefined && !isExpiryMins(expiryMins)) {
    throw invalid(`expiryMins must be ${EXPIRY_MINS_RANGE}`);
  }
  if (scope === 'client' && extId !== undefined) {
    throw invalid(
      "extId is refused in scope 'client', where one token serves every user: set scope to 'user'",
    );
  }
  if (scope === 'user') {
    if (typeof extId !== 'string' || extId === '' || extId.length > MAX_EXT_ID_LENGTH) {
      throw invalid(`extId must be a string of 1 to ${MAX_EXT_ID_LENGTH} characters in scope 'user'`);
    }
    // A URL cannot contain half of a surrogate pair.
    if (!/^\P{Surrogate}*$/u.test(extId)) throw invalid('extId must be well-formed Unicode text');
  }
  return { expiryMins, extId };
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', message);
}

export function tenantRequired(): NudgeAuthError {
  return invalid(
    'tenant is required: the registration has the option tenants, and there is no default tenant',
  );
}

export function withoutTenants(): NudgeAuthError {
  return invalid('tenant is refused: the registration has no option tenants');
}
