import type { Clock, Random } from '../common/clock.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { TokenStore } from './token-store.js';

/** What the store does in the background. Log lines and the event `store-lost` name it as the operation that failed. */
export const LOOK_FOR_INVALIDATIONS = 'look for invalidations';

/**
 * Creates a circuit breaker for a store. Its probe does what a renewal does, with an entry that only this process uses. A
 * store that can do only a part of it, or does it too slowly, would be lost again with the next renewal.
 *
 * @param origin the vendor's origin.
 */
export function watchStore(
  store: TokenStore,
  origin: string,
  events: NudgeAuthEvents,
  clock: Clock,
  random: Random,
): StoreCircuitBreaker {
  const entry = `probe ${random()}`;
  const probe = async (): Promise<void> => {
    await store.read(entry);
    const lease = await store.acquire(entry);
    await Promise.all([lease?.release(), store.callLimitsOf?.(origin).look()]);
  };
  return new StoreCircuitBreaker(probe, events, clock, random);
}
