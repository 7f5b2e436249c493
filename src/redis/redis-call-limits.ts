import { randomUUID } from 'node:crypto';
import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import { rotationsPerMinute, sliceOf, type CallUrgency } from '../vendor/call-budget.js';
import {
  PROBE_MS,
  PROBE_POLL_MS,
  type SharedAdmission,
  type SharedCallLimits,
} from '../store/token-store.js';
import { SCHEMA } from './entry-names.js';
import { numberIn, type RedisConnection } from './redis-connection.js';
import { BEGIN_PAUSE, END_PAUSE, GIVE_BACK_PROBE, TAKE } from './scripts.js';

/** How long a probe may take, when the other processes ask again, and the longest pause, in milliseconds. */
const PAUSE_LIMITS = [PROBE_MS, PROBE_POLL_MS, LONGEST_BACKOFF_MS] as const;

/** The budget and the pause of a fleet, for one vendor origin. In a cluster they are in one slot, so that one script uses them. */
export class RedisCallLimits implements SharedCallLimits {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #origin: string;
  /** Identifies the caller of this process that got the last probe. */
  #prober = '';

  /** @param origin the vendor's origin: each has a budget and a pause of its own. */
  constructor(connection: RedisConnection, keyPrefix: string, origin: string) {
    this.#connection = connection;
    this.#prefix = `${keyPrefix}${SCHEMA}`;
    this.#origin = origin;
  }

  async take(urgency: CallUrgency, callsPerMinute: number): Promise<SharedAdmission> {
    const all = [this.#nameOf('all'), callsPerMinute] as const;
    const rotation = [this.#nameOf('rotation'), rotationsPerMinute(callsPerMinute)] as const;
    const budgets = urgency === 'rotation' ? [rotation, all] : [all];
    const slices = budgets.flatMap(([, perMinute]) => {
      const { calls, durationMs } = sliceOf(perMinute);
      return [calls, Math.ceil(durationMs)];
    });
    const names = [this.#nameOf('pause'), ...budgets.map(([name]) => name)];
    const caller = randomUUID();
    const args = [...PAUSE_LIMITS, caller, ...slices];
    const [, pausedForMs, waitMs, isProbe] = await this.#connection.run(TAKE, names, args);
    const isOurs = numberIn(isProbe) === 1;
    if (isOurs) this.#prober = caller;
    return { pausedForMs: waitIn(pausedForMs), waitMs: waitIn(waitMs), isProbe: isOurs };
  }

  async beginPause(durationMs: number): Promise<void> {
    const cappedMs = Math.min(LONGEST_BACKOFF_MS, Math.ceil(durationMs));
    const args = [cappedMs, PROBE_MS * 2, LONGEST_BACKOFF_MS];
    await this.#connection.run(BEGIN_PAUSE, [this.#nameOf('pause')], args);
  }

  async endPause(): Promise<void> {
    await this.#connection.run(END_PAUSE, [this.#nameOf('pause')]);
  }

  async giveBackProbe(): Promise<void> {
    await this.#connection.run(GIVE_BACK_PROBE, [this.#nameOf('pause')], [this.#prober]);
  }

  async look(): Promise<void> {
    // A slice of 0 calls: the script takes no call, and so no probe.
    const names = [this.#nameOf('pause'), this.#nameOf('rotation'), this.#nameOf('all')];
    await this.#connection.run(TAKE, names, [...PAUSE_LIMITS, '', 0, 1, 0, 1]);
  }

  #nameOf(what: 'all' | 'rotation' | 'pause'): string {
    return `${this.#prefix}:{calls:${this.#origin}}:${what}`;
  }
}

/** The wait in an answer, limited to the longest pause, so that a wrong answer cannot stop a caller for longer. */
function waitIn(part: string | number | undefined): number {
  return Math.min(LONGEST_BACKOFF_MS, Math.max(0, numberIn(part)));
}
