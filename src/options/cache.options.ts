import * as v from 'valibot';
import { optionsOf, wholeNumber, type Declarations } from './option-rules.js';

/**
 * How held tokens are kept and renewed.
 *
 * @publicApi
 */
export interface NudgeCacheOptions {
  /**
   * Milliseconds after which a held token is replaced behind the caller's back, 1000 to 86400000; never later than a
   * quarter of the token's life (client scope) or half of it (user scope). Default: 60 s in client scope, half the
   * life in user scope.
   */
  rotateAfterMs?: number;
  /**
   * Milliseconds that a token handed out has left to live at the least, 0 to 86400000; never more than a tenth of its
   * lifetime. Default: 60 s.
   */
  minRemainingMs?: number;
  /** Milliseconds a caller waits for a renewal while the held token is still good, 0 to 5000. Default 500. */
  maxWaitMs?: number;
  /**
   * Users whose tokens are held at once in user scope, 1 to 10000000; the least recently used goes first.
   * Default 10000.
   */
  maxEntries?: number;
}

/** The same with every default filled in that does not depend on the token. */
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
