import { SECOND_MS } from '../common/durations.js';

/**
 * While the vendor repeats a token that is about to expire, callers are refused. The process calls the vendor at this
 * interval, so that it finds a fresh token within a second.
 */
export const ASK_FOR_FRESH_EVERY_MS = 0.75 * SECOND_MS;

/** So long after it expired here, a token has certainly expired at the vendor, whose clock shows only whole seconds. */
export const END_MARGIN_MS = 2 * SECOND_MS;
