import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS } from '../common/durations.js';
import type { TimeBudget } from '../common/deadline.js';

/**
 * `urgent`: a caller waits for the call. `rotation`: the call is made in the background. Rotations get at most half of
 * the budget.
 *
 * @publicApi
 */
export type CallUrgency = 'urgent' | 'rotation';

/** Limits how many calls the vendor gets. */
export interface CallBudget {
  /**
   * Takes one call from the budget. Returns 0 if there was one, else the milliseconds after which to try again. Never
   * rejects: if a shared count cannot be reached, the budget counts this process's calls by itself.
   *
   * @param timeBudget how long the caller may still wait for a store that counts the calls. Default: the full time.
   */
  take(urgency: CallUrgency, timeBudget?: TimeBudget): number | Promise<number>;
}

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

/**
 * The budget is given out in slices of a minute. So any 60 seconds see at most a tenth more than the budget. With whole
 * minutes, 60 seconds around the end of a minute could see twice the budget.
 */
const SLICES_PER_MINUTE = 10;
const ROTATION_SHARE = 1 / 2;

/** The number of calls that rotations may make in a minute. */
export function rotationsPerMinute(callsPerMinute: number): number {
  return Math.max(1, callsPerMinute * ROTATION_SHARE);
}

/** The number of calls that may be made at once. */
export function callsPerSlice(callsPerMinute: number): number {
  return Math.max(1, Math.floor(callsPerMinute / SLICES_PER_MINUTE));
}

/** The size of one slice: how many calls may be made in how many milliseconds. */
export function sliceOf(callsPerMinute: number): { readonly calls: number; readonly durationMs: number } {
  const calls = callsPerSlice(callsPerMinute);
  return { calls, durationMs: (calls * MINUTE_MS) / callsPerMinute };
}

/** Gives out the calls of one slice after the other. A slice begins with its first call. */
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

  /** Milliseconds until a call can be taken; 0 if one can be taken now. */
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
