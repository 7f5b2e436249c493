import type { TimeBudget } from '../common/time-budget.js';

/** The pause after a 429. Processes share it, because the vendor counts their calls together by one IP address. */
export interface CallPause {
  /**
   * How many pauses this process has begun or seen. A call that was admitted before the last one proves nothing about
   * it.
   */
  readonly count: number;
  /** Milliseconds for which no call may be sent, as far as this process knows. */
  pausedForMs(): number;
  /** Begins a pause for all processes after a 429. Resolves when it is shared, or when the time budget is spent. */
  begin(durationMs: number, timeBudget?: TimeBudget): Promise<void>;
  /** Records that a call succeeded. @param count the pauses known when the call was admitted. */
  callSucceeded(count: number | undefined): void;
  /** Records that a call failed. @param count the pauses known when the call was admitted. */
  callFailed(count: number | undefined): void;
}
