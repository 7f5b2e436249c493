import type { Random } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { fullJitterMs } from '../common/backoff-delay.js';
import type { ApiKeys, RankedApiKey } from './api-keys.js';
import { TransientFailure } from './token-source.js';

/**
 * An attempt with less time than this would rarely get its answer, and would still count against the vendor's limit.
 */
export const SHORTEST_ATTEMPT_MS = 500;
const FIRST_PAUSE_MS = SECOND_MS / 5;
const LONGEST_PAUSE_MS = 2 * SECOND_MS;

export interface AttemptOptions {
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Further attempts with the same API key after a transient failure. */
  readonly maxRetries: number;
}

/**
 * Decides for one call about its next attempt: with which API key, after what pause, and whether there is one at all.
 */
export class Attempts {
  readonly #keys: ApiKeys;
  readonly #candidates: AsyncGenerator<RankedApiKey>;
  readonly #options: AttemptOptions;
  readonly #deadline: Deadline;
  readonly #random: Random;
  #key: RankedApiKey | undefined;
  /** Failed attempts with the current key. */
  #failures = 0;

  constructor(keys: ApiKeys, options: AttemptOptions, deadline: Deadline, random: Random) {
    this.#keys = keys;
    this.#candidates = keys.candidates(deadline);
    this.#options = options;
    this.#deadline = deadline;
    this.#random = random;
  }

  /** Milliseconds that the next attempt may take. */
  get timeoutMs(): number {
    return Math.min(this.#options.timeoutMs, this.#deadline.remainingMs());
  }

  /** Whether the deadline leaves enough time for an attempt. */
  get isTimeLeft(): boolean {
    return this.#deadline.remainingMs() >= SHORTEST_ATTEMPT_MS;
  }

  /**
   * The API key of the next attempt.
   *
   * @throws {NudgeAuthError} when no key can be read, or too little time is left for an attempt.
   */
  async key(): Promise<RankedApiKey> {
    this.#key ??= await this.#nextKey();
    if (this.#key === undefined) {
      throw new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'There is no API key for a call to Nudge');
    }
    if (!this.isTimeLeft)
      throw new NudgeAuthError('NUDGE_TIMEOUT', 'Too little time was left for a call to Nudge');
    return this.#key;
  }

  succeeded(): void {
    if (this.#key !== undefined) this.#keys.accepted(this.#key);
  }

  /**
   * Milliseconds to wait before the next attempt; `undefined` when there is no further attempt.
   *
   * @throws {NudgeAuthError} when the next key cannot be read.
   */
  async pauseAfterMs(failure: NudgeAuthError): Promise<number | undefined> {
    if (failure.code === 'NUDGE_CREDENTIALS_REJECTED') return this.#tryNextKey();
    if (!(failure instanceof TransientFailure) || this.#failures === this.#options.maxRetries)
      return undefined;
    const spareMs = this.#deadline.remainingMs() - SHORTEST_ATTEMPT_MS;
    const retryAfterMs = failure.retryAfterMs ?? 0;
    if (retryAfterMs > spareMs) return undefined;
    this.#failures += 1;
    const longestMs = Math.min(LONGEST_PAUSE_MS, spareMs);
    return Math.max(fullJitterMs(this.#failures, FIRST_PAUSE_MS, longestMs, this.#random), retryAfterMs);
  }

  async #tryNextKey(): Promise<number | undefined> {
    if (this.#key !== undefined) this.#keys.refused(this.#key);
    this.#key = await this.#nextKey();
    this.#failures = 0;
    return this.#key === undefined ? undefined : 0;
  }

  async #nextKey(): Promise<RankedApiKey | undefined> {
    const { value, done } = await this.#candidates.next();
    return done === true ? undefined : value;
  }
}
