import type { Clock, Random } from '../common/clock.js';
import type { TokenRenewer } from '../store/renewal.js';
import { SharedCallBudget } from '../store/shared-call-budget.js';
import {
  LOOK_FOR_INVALIDATIONS,
  watchStore,
  type StoreCircuitBreaker,
} from '../store/store-circuit-breaker.js';
import { StoreCoordinator } from '../store/store-coordinator.js';
import type { TokenStore, TokenStoreUser } from '../store/token-store.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { ApiKeys } from '../vendor/api-keys.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import { ProcessCallBudget, type CallBudget, type CallPause } from '../vendor/call-budget.js';
import { CallQueue } from '../vendor/call-queue.js';
import type { TokenSource } from '../vendor/token-source.js';
import { VendorGateway } from '../vendor/vendor-gateway.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';

interface TokenCacheParts {
  readonly source: TokenSource;
  readonly apiKeys: ApiKeys;
  readonly store: TokenStore | undefined;
  /** What the store gets to know of this registration. Default: nothing. */
  readonly storeUser?: TokenStoreUser;
  readonly options: TokenCacheOptions & AttemptOptions;
  /** The vendor's. */
  readonly origin: string;
  readonly callsPerMinute: number;
  /** Default: the budget that the processes share through the store, else a budget of this process alone. */
  readonly budget?: CallBudget;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/** Builds a token cache with all that it needs: the store (if there is one), the queue with its budget, the gateway. */
export function createTokenCache(parts: TokenCacheParts): TokenCache {
  const { origin, callsPerMinute, events, clock } = parts;
  const watched = watchedStore(parts, () => cache.invalidatedElsewhere());
  const limits = parts.budget === undefined ? watched?.store.callLimitsOf?.(origin) : undefined;
  const shared =
    watched && limits && new SharedCallBudget(limits, callsPerMinute, watched.breaker, events, clock);
  const budget = parts.budget ?? shared ?? new ProcessCallBudget(callsPerMinute, clock);
  const queue = new CallQueue(budget, shared, callsPerMinute, events, clock);
  const { cache } = assembleTokenCache({ ...parts, queue, pause: shared, watched });
  return cache;
}

/** With `cache: false` there is no store: a process that holds no tokens takes none from other processes either. */
function watchedStore(parts: TokenCacheParts, invalidatedAll: () => void): WatchedStore | undefined {
  const { store, storeUser, options, origin, events, clock, random } = parts;
  if (!options.holdsTokens || store === undefined) return undefined;
  const lost = (error: unknown): void => breaker.noticed(LOOK_FOR_INVALIDATIONS, error);
  const user = storeUser && { ...storeUser, invalidatedAll, lost };
  const bound = user === undefined ? store : (store.bind?.(user) ?? store);
  const breaker = watchStore(bound, origin, events, clock, random);
  return { store: bound, breaker, closeBreaker: () => breaker.close() };
}

/** A store with its circuit breaker. */
interface WatchedStore {
  readonly store: TokenStore;
  readonly breaker: StoreCircuitBreaker;
  /** Closes the circuit breaker; left out where other caches use it, too. */
  readonly closeBreaker?: () => void;
}

interface AssembledParts {
  readonly source: TokenSource;
  readonly apiKeys: ApiKeys;
  readonly queue: CallQueue;
  readonly pause: CallPause | undefined;
  /** The tenant for which the cache calls Nudge. */
  readonly lane?: string;
  readonly watched: WatchedStore | undefined;
  readonly options: TokenCacheOptions & AttemptOptions;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/** Builds a token cache with its gateway. Several caches may share the queue, the pause and the store. */
export function assembleTokenCache(parts: AssembledParts): {
  readonly cache: TokenCache;
  readonly gateway: VendorGateway;
} {
  const { watched, options, events, clock, random } = parts;
  const gateway = new VendorGateway(parts);
  const renewer: TokenRenewer =
    watched === undefined
      ? gateway
      : new StoreCoordinator(
          gateway,
          watched.store,
          watched.breaker,
          options,
          clock,
          random,
          watched.closeBreaker,
        );
  return { cache: new TokenCache(renewer, options, events, clock, random), gateway };
}
