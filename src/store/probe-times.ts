import { SECOND_MS } from '../common/durations.js';

/** One process probes whether the pause is over. The others wait so many milliseconds for its result. */
export const PROBE_MS = 10 * SECOND_MS;
/** Milliseconds after which the other processes ask again while the probe is under way. */
export const PROBE_POLL_MS = SECOND_MS / 2;
