import * as v from 'valibot';
import { optionsOf, wholeNumber, type Declarations } from './option-rules.js';

/**
 * How the process holds and renews tokens.
 *
 * @publicApi
 */
export interface NudgeCacheOptions {
  /**
   * Milliseconds after which the module renews a held token in the background, 1000 to 86400000. It renews a token after a
   * quarter of its life at the latest in client scope, after half of it in user scope. Default: 60 s in client scope, half
   * the life in user scope.
   */
  rotateAfterMs?: number;
  /**
   * Milliseconds that every token handed out still has to live, 0 to 86400000. A tenth of the token's lifetime is the upper
   * limit. Default: 60 s.
   */
  minRemainingMs?: number;
  /** Milliseconds that a caller waits for a renewal while the held token is still good, 0 to 5000. Default 500. */
  maxWaitMs?: number;
  /**
   * The number of users in user scope whose tokens the process holds, 1 to 10000000. Above it the process drops the token
   * that was used least recently. Default 10000.
   */
  maxEntries?: number;
}

/** The same options with every default that does not depend on the token. */
export type CacheOptionsWithDefaults = NudgeCacheOptions &
  Required<Pick<NudgeCacheOptions, 'maxWaitMs' | 'maxEntries'>>;

const DAY_MS = 86_400_000;

/** @internal */
export const cacheOptions = {
  rotateAfterMs: v.optional(wholeNumber({ min: 1_000, max: DAY_MS, unit: 'milliseconds' })),
  minRemainingMs: v.optional(wholeNumber({ min: 0, max: DAY_MS, unit: 'milliseconds' })),
  maxWaitMs: v.optional(wholeNumber({ min: 0, max: 5_000, unit: 'milliseconds' }), 500),
  maxEntries: v.optional(wholeNumber({ min: 1, max: 10_000_000, unit: 'users' }), 10_000),
} satisfies Declarations<NudgeCacheOptions>;

/** @internal */
export const cacheSchema = optionsOf(cacheOptions, 'must be an object, or false to hold no tokens');
