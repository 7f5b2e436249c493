import { NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';

/** A call that was not sent, because of a backoff, a pause or a spent budget. It is no new failure of the vendor. */
export class LocalRefusal extends NudgeAuthError {}

/** The error for a caller that has waited until its deadline. */
export function timeout(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TIMEOUT', 'No token came within the deadline');
}

/** Failures that every call of this process would meet. The others concern one token. */
const SHARED_FAILURES: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_RATE_LIMITED',
  'NUDGE_CREDENTIALS_REJECTED',
]);

/**
 * Whether a failure with this code concerns all tokens. In scope `'user'` some failures concern only one user's token.
 */
export function affectsAllTokens(code: NudgeAuthErrorCode, scope: 'client' | 'user'): boolean {
  return scope === 'client' || isSharedFailure(code);
}

/** Whether a failure holds back every call of this process, not only those for the same token. */
export function isSharedFailure(code: NudgeAuthErrorCode): boolean {
  return SHARED_FAILURES.has(code);
}
