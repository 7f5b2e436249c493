import { SECOND_MS } from '../common/durations.js';

const US_PER_MS = 1_000;

/**
 * Estimates Redis' clock from its answers. Redis made each answer at some moment between the sending of the command and the
 * arrival of the answer. The estimate is never behind Redis' clock, so that no deadline ends too early.
 */
export class RedisClock {
  /** The upper limit of how far Redis' clock is ahead of the local monotonic clock. */
  #aheadMs: number | undefined;

  learn(sentAtMs: number, receivedAtMs: number, redisUs: number): void {
    const redisMs = redisUs / US_PER_MS;
    const mostMs = redisMs - sentAtMs;
    const leastMs = redisMs - receivedAtMs;
    // The answer contradicts the limit or lowers it. If it contradicts, a clock was set or another server answers.
    const isOther = this.#aheadMs === undefined || leastMs > this.#aheadMs || mostMs < this.#aheadMs;
    if (isOther) this.#aheadMs = mostMs;
  }

  /**
   * The moment `durationMs` after `nowMs` in microseconds of Redis' clock. Before the first answer it is 0, a moment that
   * has passed.
   */
  deadlineUs(nowMs: number, durationMs: number): number {
    if (this.#aheadMs === undefined) return 0;
    return Math.ceil((nowMs + this.#aheadMs + durationMs) * US_PER_MS);
  }
}

/** Machines correct their clocks all the time, and two servers' clocks differ a little. So small a difference does no harm. */
const JITTER_MS = SECOND_MS;

/** Milliseconds between two moments of Redis' clock; `undefined` if the clock was set back meanwhile, so that it is unknown. */
export function passedMs(fromUs: number, toUs: number): number | undefined {
  const ms = (toUs - fromUs) / US_PER_MS;
  return ms < -JITTER_MS ? undefined : Math.max(0, ms);
}

/** After this time Redis accepts no write under an old lease, and may forget the order of the entry's fences. */
export const ORDER_MS = 60 * SECOND_MS;
