import { SECOND_MS } from '../common/durations.js';

/**
 * While the vendor repeats a token that is about to end, callers are refused. The vendor is asked at this interval, so
 * that a fresh token is found within a second of its being there.
 */
export const ASK_FOR_FRESH_EVERY_MS = 0.75 * SECOND_MS;

/** So long after its end here a token has surely ended at the vendor, whose clock has whole seconds only. */
export const END_MARGIN_MS = 2 * SECOND_MS;
