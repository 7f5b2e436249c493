import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { isNudgeAuthError } from '../common/errors.js';
import type { CacheRequest, TokenCache } from './token-cache.js';

/** A boot is not held up for longer. */
const PATIENCE_MS = 5 * SECOND_MS;

/** Fetches the first token before the first user asks for it. */
export class WarmUp {
  readonly #cache: TokenCache;
  readonly #clock: Clock;

  constructor(cache: TokenCache, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  /**
   * Resolves when the token is there, after 5 s, or when it fails for a reason that may pass by itself.
   *
   * @throws {NudgeAuthError} `NUDGE_CREDENTIALS_REJECTED`: the vendor itself refuses every key, and no waiting helps.
   */
  async run(request: CacheRequest): Promise<void> {
    const late = new Error('late');
    try {
      const token = Promise.resolve(this.#cache.getToken(request));
      await new Deadline(this.#clock, PATIENCE_MS).race(token, () => late);
    } catch (error) {
      if (isNudgeAuthError(error) && error.code === 'NUDGE_CREDENTIALS_REJECTED') throw error;
      if (error !== late && !isNudgeAuthError(error)) throw error;
    }
  }
}
