import * as v from 'valibot';
import { wholeNumber, type Declarations } from './option-rules.js';

/**
 * How many calls this application may send to Nudge.
 *
 * @publicApi
 */
export interface NudgeBudgetOptions {
  /**
   * Calls to Nudge in a minute, 1 to 1200 (the vendor's limit per IP address). With a shared store the whole fleet shares
   * the budget. Without one each process has its own: divide the number by the processes behind one address. Default 1000.
   */
  callsPerMinute?: number;
}

/** @internal */
export const budgetOptions = {
  callsPerMinute: v.optional(
    wholeNumber({ min: 1, max: 1_200, unit: 'calls', hint: ' (the vendor allows 1200 per IP address)' }),
    1_000,
  ),
} satisfies Declarations<NudgeBudgetOptions>;
