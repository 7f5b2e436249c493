import type { Clock, Random } from '../common/clock.js';
import type { TokenSource } from '../vendor/token-source.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { ProcessCallBudget, type CallBudget } from '../vendor/call-budget.js';
import { CallQueue } from '../vendor/call-queue.js';
import type { ApiKeys } from '../vendor/api-keys.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import { CountedSource } from '../vendor/counted-source.js';
import { VendorGateway } from '../vendor/vendor-gateway.js';
import { UnsharedRenewer } from '../store/unshared-renewer.js';
import { SharedCallBudget } from '../store/shared-call-budget.js';
import { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import { StoreCoordinator } from '../store/store-coordinator.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';
import type { TokenStore, TokenStoreUser } from '../store/token-store.js';

interface TokenCacheParts {
  readonly source: TokenSource;
  readonly apiKeys: ApiKeys;
  readonly store: TokenStore | undefined;
  /** What the store may know of its user; left out, it gets to know nothing. */
  readonly storeUser?: TokenStoreUser;
  readonly options: TokenCacheOptions & AttemptOptions;
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
  const breaker = store === undefined ? undefined : breakerOf(store, parts);
  const shared =
    store?.callLimits === undefined || breaker === undefined || parts.budget !== undefined
      ? undefined
      : new SharedCallBudget(store.callLimits, callsPerMinute, breaker, events, clock);
  const budget = parts.budget ?? shared ?? new ProcessCallBudget(callsPerMinute, clock);
  const queue = new CallQueue(budget, shared, callsPerMinute, events, clock);
  const gateway = new VendorGateway({
    source: new CountedSource(parts.source, events.counts.vendorCalls),
    apiKeys: parts.apiKeys,
    queue,
    pause: shared,
    options,
    events,
    clock,
    random,
  });
  const renewer =
    store === undefined || breaker === undefined
      ? new UnsharedRenewer(gateway)
      : new StoreCoordinator(gateway, store, breaker, options, clock, random);
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
function breakerOf(store: TokenStore, { events, clock, random }: TokenCacheParts): StoreCircuitBreaker {
  const entry = `probe ${random()}`;
  const probe = async (): Promise<void> => {
    await store.read(entry);
    const lease = await store.acquire(entry);
    await Promise.all([lease?.release(), store.callLimits?.look()]);
  };
  return new StoreCircuitBreaker(probe, events, clock, random);
}
