import { SECOND_MS } from '../common/durations.js';

export const US_PER_MS = 1_000;

/**
 * What Redis' clock says now, as far as its answers tell: each was made somewhere between the question and its arrival.
 * Never behind Redis' own clock, so that no deadline is over before its time.
 */
export class RedisClock {
  /** What Redis' clock is ahead of the local monotonic one, at the most. */
  #aheadMs: number | undefined;

  learn(sentAtMs: number, receivedAtMs: number, redisUs: number): void {
    const redisMs = redisUs / US_PER_MS;
    const mostMs = redisMs - sentAtMs;
    const leastMs = redisMs - receivedAtMs;
    // Beyond what was known to be the most, or long after it: one of the clocks was set, or another server answers.
    const isOther = this.#aheadMs === undefined || leastMs > this.#aheadMs || mostMs < this.#aheadMs;
    if (isOther) this.#aheadMs = mostMs;
  }

  /** Microseconds of Redis' clock, `durationMs` from `nowMs` on; 0, which is long over, while nothing is known. */
  deadlineUs(nowMs: number, durationMs: number): number {
    if (this.#aheadMs === undefined) return 0;
    return Math.ceil((nowMs + this.#aheadMs + durationMs) * US_PER_MS);
  }
}

/** Clocks are corrected all the time, and no two servers' clocks agree: by so little nobody is harmed. */
const JITTER_MS = SECOND_MS;

/** Milliseconds between two moments of Redis' clock; `undefined` where it was set back meanwhile, and nobody can know. */
export function passedMs(fromUs: number, toUs: number): number | undefined {
  const ms = (toUs - fromUs) / US_PER_MS;
  return ms < -JITTER_MS ? undefined : Math.max(0, ms);
}

/** After this no write of an old lease is accepted, and its order may be forgotten. */
export const ORDER_MS = 60 * SECOND_MS;
