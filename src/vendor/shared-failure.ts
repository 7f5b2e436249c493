import type { NudgeAuthErrorCode } from '../common/errors.js';

/** Failures that every call from here would meet. The others are about one token. */
const SHARED_FAILURES: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_RATE_LIMITED',
  'NUDGE_CREDENTIALS_REJECTED',
]);

/** Whether a failure with this code is one of all tokens: in scope `'user'` some are about one user's alone. */
export function isFailureOfAll(code: NudgeAuthErrorCode, scope: 'client' | 'user'): boolean {
  return scope === 'client' || isSharedFailure(code);
}

/** Whether a failure holds back every call of this process, not only those for the same token. */
export function isSharedFailure(code: NudgeAuthErrorCode): boolean {
  return SHARED_FAILURES.has(code);
}
