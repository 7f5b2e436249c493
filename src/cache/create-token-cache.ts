import type { Clock, Random } from '../common/clock.js';
import type { TokenSource } from '../source/token-source.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { ProcessCallBudget, type CallBudget } from './call-budget.js';
import { CallQueue } from './call-queue.js';
import { Egress } from './egress.js';
import { StoreRenewal } from './store-renewal.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';
import type { TokenStore } from './token-store.js';

export interface TokenCacheParts {
  readonly source: TokenSource;
  readonly store: TokenStore | undefined;
  readonly options: TokenCacheOptions;
  readonly callsPerMinute: number;
  /** Default: one of this process alone. */
  readonly budget?: CallBudget;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/** A token cache with everything behind it: the store, where there is one, the way out with its budget, the source. */
export function createTokenCache(parts: TokenCacheParts): TokenCache {
  const { source, store, options, callsPerMinute, events, clock, random } = parts;
  const budget = parts.budget ?? new ProcessCallBudget(callsPerMinute);
  const queue = new CallQueue(budget, callsPerMinute, events, clock);
  const egress = new Egress(source, queue, events, clock, random);
  // Who holds no tokens does not want those that others hold.
  const renewer =
    store === undefined || !options.enabled
      ? egress
      : new StoreRenewal(egress, store, options, events, clock);
  return new TokenCache(renewer, options, events, clock, random);
}
