import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { TimeBudget } from '../common/time-budget.js';

/** Calls for somebody who waits, and calls behind the callers' backs, which get at most half of the budget. */
export type CallUrgency = 'urgent' | 'rotation';

/** How many calls the vendor may get. */
export interface CallBudget {
  /**
   * Takes one call out of the budget: 0 when there was one, else the milliseconds after which to ask again. Never
   * rejects: a budget that cannot be counted decides by itself what is safe.
   *
   * @param timeBudget what the caller has left for a store that counts it; left out, as much as any caller.
   */
  take(urgency: CallUrgency, timeBudget?: TimeBudget): Promise<number>;
  /** Milliseconds for which nothing may be sent because others got a 429, as far as is known here. */
  pausedForMs?(): number;
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

/** How one slice is dealt out: so many points in so many seconds. */
export function sliceOf(callsPerMinute: number): { readonly points: number; readonly duration: number } {
  const points = callsPerSlice(callsPerMinute);
  return { points, duration: (points * MINUTE_MS) / callsPerMinute / SECOND_MS };
}

/** Takes one call out of a limiter: 0 when there was one, else the milliseconds after which to ask again. */
async function takeFrom(limiter: RateLimiterAbstract): Promise<number> {
  try {
    await limiter.consume('calls');
    return 0;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    // Reckoned by the wall clock: where that was set back, a slice is no longer for it.
    return Math.min(Math.max(1, refusal.msBeforeNext), limiter.duration * SECOND_MS);
  }
}

/** The budget of this process alone. */
export class ProcessCallBudget implements CallBudget {
  readonly #all: RateLimiterMemory;
  readonly #rotation: RateLimiterMemory;

  constructor(callsPerMinute: number) {
    this.#all = new RateLimiterMemory(sliceOf(callsPerMinute));
    this.#rotation = new RateLimiterMemory(sliceOf(rotationsPerMinute(callsPerMinute)));
  }

  async take(urgency: CallUrgency): Promise<number> {
    if (urgency === 'urgent') return takeFrom(this.#all);
    const waitMs = await takeFrom(this.#rotation);
    return waitMs === 0 ? takeFrom(this.#all) : waitMs;
  }
}
