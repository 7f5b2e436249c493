import type { Clock, Random } from '../common/clock.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { TokenStore } from './token-store.js';

/**
 * A circuit breaker before a store. Its probe asks for as much as a renewal does, with a lease that nobody else wants: a
 * store that can do a part of it, or all but too slowly, would be lost again with the next renewal.
 *
 * @param origin the vendor's.
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
