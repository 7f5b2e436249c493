import { LRUCache } from 'lru-cache';
import type { TokenEntry } from './token-entry.js';

/** The entries of one tenant's cache, as the shared room sees them. */
export interface RoomTenant {
  /** How many entries it has. */
  readonly size: number;
  /** Evicts the entry that was asked for least recently. */
  evictOldest(): void;
}

/** How many evicted entries the room remembers with their waits and without their tokens. */
const MOST_REMEMBERED = 10_000;

/**
 * Bounds the number of entries that the caches of all tenants hold together. When it is full, a new entry replaces an
 * older one. A tenant that has its share already (the bound divided by the number of tenants) loses one of its own
 * entries; for a tenant that has less, the tenant with the most entries loses one.
 */
export class SharedRoom {
  readonly #maxEntries: number;
  readonly #tenants = new Set<RoomTenant>();
  readonly #waiting = new LRUCache<string, TokenEntry>({ max: MOST_REMEMBERED });
  #count = 0;
  #serial = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** The number of entries of all tenants. */
  get count(): number {
    return this.#count;
  }

  /** A number that no other cache in the room gets. */
  nextSerial(): number {
    return ++this.#serial;
  }

  /** Makes room for one more entry, which the tenant is about to add. */
  enter(tenant: RoomTenant): void {
    this.#tenants.add(tenant);
    if (this.#count >= this.#maxEntries) this.#losingTenant(tenant)?.evictOldest();
    // If its only entry was evicted, the set no longer holds the tenant.
    this.#tenants.add(tenant);
    this.#count += 1;
  }

  /** Counts the entries that a tenant has removed. */
  leave(tenant: RoomTenant, entries = 1): void {
    this.#count -= entries;
    if (tenant.size === 0) this.#tenants.delete(tenant);
  }

  /** Remembers the wait of an entry that is evicted: after an eviction it must not call the vendor earlier. */
  remember(name: string, entry: TokenEntry): void {
    if (entry.blockedForMs() === 0) return;
    entry.forgetToken();
    this.#waiting.set(name, entry);
  }

  /** Returns an entry that was evicted during its wait, and forgets it. */
  recall(name: string): TokenEntry | undefined {
    const entry = this.#waiting.get(name);
    this.#waiting.delete(name);
    return entry;
  }

  /** The tenant that loses an entry to a new entry of `tenant`. */
  #losingTenant(tenant: RoomTenant): RoomTenant | undefined {
    const share = this.#maxEntries / this.#tenants.size;
    if (tenant.size >= share && tenant.size > 0) return tenant;
    let largest: RoomTenant | undefined;
    for (const other of this.#tenants) if (other.size > (largest?.size ?? 0)) largest = other;
    return largest;
  }
}
