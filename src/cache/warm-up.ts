import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { isNudgeAuthError } from '../common/errors.js';

/** The warm-up delays the boot by at most this. */
const LONGEST_WARM_UP_MS = 5 * SECOND_MS;

/**
 * Waits for the first token, so that the first user need not wait. The wait ends when the token comes, after 5 s, or
 * with a failure that may pass by itself.
 *
 * @throws {NudgeAuthError} `NUDGE_CREDENTIALS_REJECTED`: the vendor itself refuses every key, and no waiting helps.
 */
export async function warmUp(firstToken: () => Promise<unknown>, clock: Clock): Promise<void> {
  const late = new Error('late');
  try {
    await new Deadline(clock, LONGEST_WARM_UP_MS).race(firstToken(), () => late);
  } catch (error) {
    if (isNudgeAuthError(error) && error.code === 'NUDGE_CREDENTIALS_REJECTED') throw error;
    if (error !== late && !isNudgeAuthError(error)) throw error;
  }
}
