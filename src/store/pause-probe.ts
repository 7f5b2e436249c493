import { SECOND_MS } from '../common/durations.js';

/** Milliseconds after which the other processes no longer wait for the one that tries whether a pause is over. */
export const PROBE_MS = 10 * SECOND_MS;
/** Milliseconds after which they ask again while it tries. */
export const PROBE_POLL_MS = SECOND_MS / 2;
