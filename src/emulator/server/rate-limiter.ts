import { elapsedMs, type Clock, type Instant } from '../../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';

/** Limits requests in a sliding window of one minute for each client address. Refused requests do not count. */
export class RateLimiter {
  readonly #limitPerMinute: number | false;
  readonly #clock: Clock;
  readonly #admitted = new Map<string, Instant[]>();

  constructor(limitPerMinute: number | false, clock: Clock) {
    this.#limitPerMinute = limitPerMinute;
    this.#clock = clock;
  }

  /** Returns `undefined` if the request may pass, else the seconds until the next request may pass: 1 to 60. */
  admit(address: string): number | undefined {
    if (this.#limitPerMinute === false) return undefined;
    const now = this.#clock.now();
    const admitted = this.#admitted.get(address) ?? [];
    const kept = admitted.findIndex((then) => elapsedMs(then, now) < MINUTE_MS);
    admitted.splice(0, kept === -1 ? admitted.length : kept);
    const oldest = admitted[0];
    if (oldest !== undefined && admitted.length >= this.#limitPerMinute) {
      return Math.ceil((MINUTE_MS - elapsedMs(oldest, now)) / SECOND_MS);
    }
    admitted.push(now);
    this.#admitted.set(address, admitted);
    return undefined;
  }

  reset(): void {
    this.#admitted.clear();
  }
}
