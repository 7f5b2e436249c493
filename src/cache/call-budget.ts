import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** Calls for somebody who waits, and calls behind the callers' backs, which get at most half of the budget. */
export type CallUrgency = 'urgent' | 'rotation';

/** How many calls the vendor may get. */
export interface CallBudget {
  /**
   * Takes one call out of the budget: 0 when there was one, else the milliseconds after which to ask again. Never
   * rejects: a budget that cannot be counted decides by itself what is safe.
   */
  take(urgency: CallUrgency): Promise<number>;
}

/**
 * The budget is dealt out in slices of a minute: any minute then sees a tenth more than the budget at most, where
 * whole minutes would allow twice as much around their borders.
 */
const SLICES_PER_MINUTE = 10;
const ROTATION_SHARE = 1 / 2;

/** Calls that may be made at once. */
export function callsPerSlice(callsPerMinute: number): number {
  return Math.max(1, Math.floor(callsPerMinute / SLICES_PER_MINUTE));
}

function limiterOf(callsPerMinute: number): RateLimiterMemory {
  const points = callsPerSlice(callsPerMinute);
  return new RateLimiterMemory({ points, duration: (points * MINUTE_MS) / callsPerMinute / SECOND_MS });
}

async function take(limiter: RateLimiterMemory): Promise<number> {
  try {
    await limiter.consume('calls');
    return 0;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
    throw refusal;
  }
}

/** The budget of this process alone. */
export class ProcessCallBudget implements CallBudget {
  readonly #all: RateLimiterMemory;
  readonly #rotation: RateLimiterMemory;

  constructor(callsPerMinute: number) {
    this.#all = limiterOf(callsPerMinute);
    this.#rotation = limiterOf(Math.max(1, callsPerMinute * ROTATION_SHARE));
  }

  async take(urgency: CallUrgency): Promise<number> {
    if (urgency === 'urgent') return take(this.#all);
    const waitMs = await take(this.#rotation);
    return waitMs === 0 ? take(this.#all) : waitMs;
  }
}
