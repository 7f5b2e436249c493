import type { Clock, Random } from '../common/clock.js';
import { StoreCoordinator } from '../store/store-coordinator.js';
import type { TokenRenewer } from '../store/renewal.js';
import type { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import type { TokenStore } from '../store/token-store.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { ApiKeys } from '../vendor/api-keys.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import type { CallPause } from '../vendor/call-budget.js';
import type { CallQueue } from '../vendor/call-queue.js';
import type { TokenSource } from '../vendor/token-source.js';
import { VendorGateway } from '../vendor/vendor-gateway.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';

/** A store with its circuit breaker. */
export interface WatchedStore {
  readonly store: TokenStore;
  readonly breaker: StoreCircuitBreaker;
  /** Closes the circuit breaker; left out where other caches use it, too. */
  readonly closeBreaker?: () => void;
}

export interface AssembledParts {
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
