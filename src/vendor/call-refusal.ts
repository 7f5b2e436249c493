import { NudgeAuthError } from '../common/errors.js';

/** A call that was not sent, because of a backoff, a pause or a spent budget. It is no new failure of the vendor. */
export class LocalRefusal extends NudgeAuthError {}

/** The error for a caller that has waited until its deadline. */
export function timeout(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TIMEOUT', 'No token came within the deadline');
}
