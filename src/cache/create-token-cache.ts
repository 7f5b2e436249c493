import type { Clock, Random } from '../common/clock.js';
import type { TokenSource } from '../vendor/token-source.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { ProcessCallBudget, type CallBudget } from './call-budget.js';
import { CallQueue } from './call-queue.js';
import { Egress } from './egress.js';
import { SharedCallBudget } from './shared-call-budget.js';
import { StoreGuard } from './store-guard.js';
import { StoreRenewal } from './store-renewal.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';
import type { TokenStore, TokenStoreUser } from './token-store.js';

export interface TokenCacheParts {
  readonly source: TokenSource;
  readonly store: TokenStore | undefined;
  /** What the store may know of its user; left out, it gets to know nothing. */
  readonly storeUser?: TokenStoreUser;
  readonly options: TokenCacheOptions;
  readonly callsPerMinute: number;
  /** Default: the store's, where it has one, else one of this process alone. */
  readonly budget?: CallBudget;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/** A token cache with everything behind it: the store, where there is one, the way out with its budget, the source. */
export function createTokenCache(parts: TokenCacheParts): TokenCache {
  const { options, callsPerMinute, events, clock, random } = parts;
  // Who holds no tokens does not want those that others hold.
  const store = bound(parts);
  const guard = store === undefined ? undefined : guardOf(store, parts);
  const shared =
    store?.egress === undefined || guard === undefined || parts.budget !== undefined
      ? undefined
      : new SharedCallBudget(store.egress, callsPerMinute, guard, events, clock);
  const budget = parts.budget ?? shared ?? new ProcessCallBudget(callsPerMinute);
  const queue = new CallQueue(budget, callsPerMinute, events, clock);
  const egress = new Egress(parts.source, queue, events, clock, random, shared);
  const renewer =
    store === undefined || guard === undefined
      ? egress
      : new StoreRenewal(egress, store, guard, options, clock, random);
  return new TokenCache(renewer, options, events, clock, random);
}

function bound({ store, storeUser, options }: TokenCacheParts): TokenStore | undefined {
  if (!options.enabled) return undefined;
  return storeUser === undefined ? store : (store?.bind?.(storeUser) ?? store);
}

/**
 * The probe asks for as much as a renewal does, with a lease that nobody else wants: a store that can do a part of it, or
 * all but too slowly, would be lost again with the next renewal.
 */
function guardOf(store: TokenStore, { events, clock, random }: TokenCacheParts): StoreGuard {
  const entry = `probe ${random()}`;
  const probe = async (): Promise<void> => {
    await store.read(entry);
    const lease = await store.acquire(entry);
    await Promise.all([lease?.release(), store.egress?.look()]);
  };
  return new StoreGuard(probe, events, clock, random);
}
