import type { TimeBudget } from '../common/time-budget.js';

/** The pause after a 429, as processes share it that the vendor counts by one address. */
export interface CallPause {
  /** How many pauses were begun or met. A call that was admitted before the last one says nothing of that one. */
  readonly count: number;
  /** Milliseconds for which nothing may be sent, as far as is known here. */
  pausedForMs(): number;
  /** Tells the other processes of a 429. Resolves when they know, or when the time budget is spent. */
  begin(durationMs: number, timeBudget?: TimeBudget): Promise<void>;
  /** The vendor has answered well. @param count the pauses known when the call was admitted. */
  callSucceeded(count: number | undefined): void;
  /** A call has failed. @param count the pauses known when the call was admitted. */
  callFailed(count: number | undefined): void;
}
