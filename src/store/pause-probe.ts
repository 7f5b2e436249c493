import { SECOND_MS } from '../common/durations.js';

/** Milliseconds that the other processes wait for the process whose probe tests whether a pause is over. */
export const PROBE_MS = 10 * SECOND_MS;
/** Milliseconds after which the other processes ask again while the probe is under way. */
export const PROBE_POLL_MS = SECOND_MS / 2;
