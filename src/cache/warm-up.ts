import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { isNudgeAuthError } from '../common/errors.js';

/** A boot is not held up for longer. */
const LONGEST_WARM_UP_MS = 5 * SECOND_MS;

/**
 * Waits for the first token, so that the first user need not: until it is there, 5 s have passed, or it fails for a
 * reason that may pass by itself.
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
