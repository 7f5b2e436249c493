import { NudgeAuthError } from '../common/errors.js';

/** A call that was not sent: a wait is in force, or the budget is spent. It says nothing new about the vendor. */
export class LocalRefusal extends NudgeAuthError {}

/** The failure of a caller that has waited until its deadline. */
export function timeout(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TIMEOUT', 'No token came within the deadline');
}
