import { RateLimiterRedis } from 'rate-limiter-flexible';
import { rotationsPerMinute, sliceOf, takeFrom, type CallUrgency } from '../cache/call-budget.js';
import { PROBE_MS, PROBE_POLL_MS } from '../cache/memory-egress.js';
import type { FleetEgress, FleetPause } from '../cache/token-store.js';
import { SCHEMA } from './entry-names.js';
import type { RedisConnection } from './redis-connection.js';
import { BEGIN_PAUSE, END_PAUSE, PAUSE_STATE } from './scripts.js';

interface Limiters {
  readonly urgent: RateLimiterRedis;
  readonly rotation: RateLimiterRedis;
}

/** The budget and the pause of a fleet. They are of no entry, and stand in slots of their own. */
export class RedisEgress implements FleetEgress {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #limiters = new Map<number, Limiters>();

  constructor(connection: RedisConnection, keyPrefix: string) {
    this.#connection = connection;
    this.#prefix = `${keyPrefix}${SCHEMA}`;
  }

  async take(urgency: CallUrgency, callsPerMinute: number): Promise<number> {
    const limiters = this.#limitersFor(callsPerMinute);
    // No deadline is needed at Redis: what runs there too late counts one call that is not made, which harms nobody.
    const take = (limiter: RateLimiterRedis): Promise<number> =>
      this.#connection.command(() => takeFrom(limiter));
    const waitMs = urgency === 'rotation' ? await take(limiters.rotation) : 0;
    return waitMs === 0 ? take(limiters.urgent) : waitMs;
  }

  async pause(): Promise<FleetPause> {
    const [, remainingMs, isProbe] = await this.#connection.run(
      PAUSE_STATE,
      [this.#pauseName],
      [PROBE_MS, PROBE_POLL_MS],
    );
    return { remainingMs: Number(remainingMs), isProbe: isProbe === 1 };
  }

  async beginPause(durationMs: number): Promise<void> {
    await this.#connection.run(BEGIN_PAUSE, [this.#pauseName], [Math.ceil(durationMs), PROBE_MS * 2]);
  }

  async endPause(): Promise<void> {
    await this.#connection.run(END_PAUSE, [this.#pauseName]);
  }

  get #pauseName(): string {
    return `${this.#prefix}:pause`;
  }

  #limitersFor(callsPerMinute: number): Limiters {
    const known = this.#limiters.get(callsPerMinute);
    if (known !== undefined) return known;
    const made = {
      urgent: this.#limiter('all', callsPerMinute),
      rotation: this.#limiter('rotation', rotationsPerMinute(callsPerMinute)),
    };
    this.#limiters.set(callsPerMinute, made);
    return made;
  }

  #limiter(what: string, callsPerMinute: number): RateLimiterRedis {
    const { points, duration } = sliceOf(callsPerMinute);
    return new RateLimiterRedis({
      storeClient: this.#connection.client,
      rejectIfRedisNotReady: true,
      keyPrefix: `${this.#prefix}:budget:${what}`,
      points,
      // Redis' limiter knows whole seconds only: rather a little less than the budget than a little more.
      duration: Math.ceil(duration),
    });
  }
}
