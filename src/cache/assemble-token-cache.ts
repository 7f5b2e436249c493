import type { Clock, Random } from '../common/clock.js';
import { StoreCoordinator } from '../store/store-coordinator.js';
import type { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import type { TokenStore } from '../store/token-store.js';
import { UnsharedRenewer } from '../store/unshared-renewer.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { ApiKeys } from '../vendor/api-keys.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import type { CallPause } from '../vendor/call-pause.js';
import type { CallQueue } from '../vendor/call-queue.js';
import { CountedSource } from '../vendor/counted-source.js';
import type { TokenSource } from '../vendor/token-source.js';
import { VendorGateway } from '../vendor/vendor-gateway.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';

/** A store behind its circuit breaker. */
export interface WatchedStore {
  readonly store: TokenStore;
  readonly breaker: StoreCircuitBreaker;
  /** Ends the circuit breaker, where no other cache uses it. */
  readonly closeBreaker?: () => void;
}

export interface AssembledParts {
  readonly source: TokenSource;
  readonly apiKeys: ApiKeys;
  readonly queue: CallQueue;
  readonly pause: CallPause | undefined;
  /** The tenant whose calls these are. */
  readonly lane?: string;
  readonly watched: WatchedStore | undefined;
  readonly options: TokenCacheOptions & AttemptOptions;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/** A token cache on a way to the vendor that others may share. */
export function assembleTokenCache(parts: AssembledParts): {
  readonly cache: TokenCache;
  readonly gateway: VendorGateway;
} {
  const { watched, options, events, clock, random } = parts;
  const gateway = new VendorGateway({
    ...parts,
    source: new CountedSource(parts.source, events.counts.vendorCalls),
  });
  const renewer =
    watched === undefined
      ? new UnsharedRenewer(gateway)
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
