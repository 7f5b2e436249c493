import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS } from '../common/durations.js';
import type { TimeBudget } from '../common/time-budget.js';

/**
 * Calls for somebody who waits, and calls behind the callers' backs, which get at most half of the budget.
 *
 * @publicApi
 */
export type CallUrgency = 'urgent' | 'rotation';

/** How many calls the vendor may get. */
export interface CallBudget {
  /**
   * Takes one call out of the budget: 0 when there was one, else the milliseconds after which to ask again. Never
   * rejects: a budget that cannot be counted decides by itself what is safe.
   *
   * @param timeBudget what the caller has left for a store that counts it; left out, as much as any caller.
   */
  take(urgency: CallUrgency, timeBudget?: TimeBudget): number | Promise<number>;
}

/**
 * The budget is dealt out in slices of a minute: any minute then sees a tenth more than the budget at most, where
 * whole minutes would allow twice as much around their borders.
 */
const SLICES_PER_MINUTE = 10;
const ROTATION_SHARE = 1 / 2;

/** Calls that rotations may make in a minute. */
export function rotationsPerMinute(callsPerMinute: number): number {
  return Math.max(1, callsPerMinute * ROTATION_SHARE);
}

/** Calls that may be made at once. */
export function callsPerSlice(callsPerMinute: number): number {
  return Math.max(1, Math.floor(callsPerMinute / SLICES_PER_MINUTE));
}

/** How one slice is dealt out: so many calls in so many milliseconds. */
export function sliceOf(callsPerMinute: number): { readonly calls: number; readonly durationMs: number } {
  const calls = callsPerSlice(callsPerMinute);
  return { calls, durationMs: (calls * MINUTE_MS) / callsPerMinute };
}

/** Deals out the calls of one slice after the other. A slice begins with its first call. */
class SliceLimiter {
  readonly #calls: number;
  readonly #durationMs: number;
  readonly #clock: Clock;
  #begunAt: Instant | undefined;
  #taken = 0;

  constructor(callsPerMinute: number, clock: Clock) {
    const { calls, durationMs } = sliceOf(callsPerMinute);
    this.#calls = calls;
    this.#durationMs = durationMs;
    this.#clock = clock;
  }

  /** Milliseconds until there is a call to take; 0 when there is one now. */
  waitMs(): number {
    const now = this.#clock.now();
    const passedMs = this.#begunAt === undefined ? Infinity : elapsedMs(this.#begunAt, now);
    if (passedMs >= this.#durationMs) {
      this.#begunAt = undefined;
      this.#taken = 0;
    }
    return this.#taken < this.#calls ? 0 : Math.ceil(this.#durationMs - passedMs);
  }

  take(): void {
    this.#begunAt ??= this.#clock.now();
    this.#taken += 1;
  }
}

/** The budget of this process alone. */
export class ProcessCallBudget implements CallBudget {
  readonly #all: SliceLimiter;
  readonly #rotation: SliceLimiter;

  constructor(callsPerMinute: number, clock: Clock) {
    this.#all = new SliceLimiter(callsPerMinute, clock);
    this.#rotation = new SliceLimiter(rotationsPerMinute(callsPerMinute), clock);
  }

  take(urgency: CallUrgency): number {
    const limiters = urgency === 'urgent' ? [this.#all] : [this.#rotation, this.#all];
    const waitMs = Math.max(...limiters.map((limiter) => limiter.waitMs()));
    if (waitMs === 0) for (const limiter of limiters) limiter.take();
    return waitMs;
  }
}
