import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import { rotationsPerMinute, sliceOf, type CallUrgency } from '../vendor/call-budget.js';
import { PROBE_MS, PROBE_POLL_MS } from '../store/pause-probe.js';
import type { SharedCallLimits, SharedPause } from '../store/token-store.js';
import { SCHEMA } from './entry-names.js';
import { US_PER_MS } from './redis-clock.js';
import { numberIn, type RedisConnection } from './redis-connection.js';
import { BEGIN_PAUSE, END_PAUSE, GIVE_BACK_PROBE, PAUSE_STATE, TAKE } from './scripts.js';

/** The budget and the pause of a fleet, for one vendor origin. In a cluster its two budgets are in one slot. */
export class RedisCallLimits implements SharedCallLimits {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #origin: string;
  /** Identifies the last probe that this process got: the moment at which it ends, by Redis' clock. */
  #probeUntilUs = 0;

  /** @param origin the vendor's origin: each has a budget and a pause of its own. */
  constructor(connection: RedisConnection, keyPrefix: string, origin: string) {
    this.#connection = connection;
    this.#prefix = `${keyPrefix}${SCHEMA}`;
    this.#origin = origin;
  }

  async take(urgency: CallUrgency, callsPerMinute: number): Promise<number> {
    const all = [this.#budgetName('all'), callsPerMinute] as const;
    const rotation = [this.#budgetName('rotation'), rotationsPerMinute(callsPerMinute)] as const;
    const budgets = urgency === 'rotation' ? [rotation, all] : [all];
    const slices = budgets.flatMap(([, perMinute]) => {
      const { calls, durationMs } = sliceOf(perMinute);
      return [calls, Math.ceil(durationMs)];
    });
    const names = budgets.map(([name]) => name);
    const [, waitMs] = await this.#connection.run(TAKE, names, slices);
    return waitIn(waitMs);
  }

  async pause(): Promise<SharedPause> {
    const [nowUs, remainingMs, isProbe] = await this.#connection.run(
      PAUSE_STATE,
      [this.#pauseName],
      [PROBE_MS, PROBE_POLL_MS, LONGEST_BACKOFF_MS],
    );
    const isOurs = numberIn(isProbe) === 1;
    if (isOurs) this.#probeUntilUs = nowUs + PROBE_MS * US_PER_MS;
    return { remainingMs: waitIn(remainingMs), isProbe: isOurs };
  }

  async beginPause(durationMs: number): Promise<void> {
    const cappedMs = Math.min(LONGEST_BACKOFF_MS, Math.ceil(durationMs));
    const args = [cappedMs, PROBE_MS * 2, LONGEST_BACKOFF_MS];
    await this.#connection.run(BEGIN_PAUSE, [this.#pauseName], args);
  }

  async endPause(): Promise<void> {
    await this.#connection.run(END_PAUSE, [this.#pauseName]);
  }

  async giveBackProbe(): Promise<void> {
    await this.#connection.run(GIVE_BACK_PROBE, [this.#pauseName], [this.#probeUntilUs]);
  }

  async look(): Promise<void> {
    // Neither script changes anything: no call can be taken from a slice of 0 calls, and no probe ends at the moment -1.
    await Promise.all([
      this.#connection.run(TAKE, [this.#budgetName('rotation'), this.#budgetName('all')], [0, 1, 0, 1]),
      this.#connection.run(GIVE_BACK_PROBE, [this.#pauseName], [-1]),
    ]);
  }

  get #pauseName(): string {
    return `${this.#prefix}:pause:${this.#origin}`;
  }

  #budgetName(what: 'all' | 'rotation'): string {
    return `${this.#prefix}:{budget:${this.#origin}}:${what}`;
  }
}

/** The wait in an answer, limited to the longest pause, so that a wrong answer cannot stop a caller for longer. */
function waitIn(part: string | number | undefined): number {
  return Math.min(LONGEST_BACKOFF_MS, Math.max(0, numberIn(part)));
}
