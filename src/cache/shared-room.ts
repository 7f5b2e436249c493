import { LRUCache } from 'lru-cache';
import type { TokenEntry } from './token-entry.js';

/** The entries of one cache, as the room sees them. */
export interface RoomTenant {
  /** How many entries it has. */
  readonly size: number;
  /** Takes the entry away that was asked for least recently. */
  evictOldest(): void;
}

/** Entries that were evicted while they had to wait are remembered, with their wait and without their token. */
const MOST_REMEMBERED = 10_000;

/**
 * Room for a number of entries that the caches of all tenants share. When it is full, a tenant that has its share already
 * (the room divided by the tenants in it) loses an entry of its own; for a tenant that has less, the one with most does.
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

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** A number that no other cache in the room has. */
  nextSerial(): number {
    return ++this.#serial;
  }

  /** Makes room for one more entry, which the tenant is about to add. */
  enter(tenant: RoomTenant): void {
    this.#tenants.add(tenant);
    if (this.#count >= this.#maxEntries) this.#crowder(tenant)?.evictOldest();
    // Where its only entry had to make room, it has left.
    this.#tenants.add(tenant);
    this.#count += 1;
  }

  /** A tenant has `entries` fewer, or none at all any more. */
  leave(tenant: RoomTenant, entries = 1): void {
    this.#count -= entries;
    if (tenant.size === 0) this.#tenants.delete(tenant);
  }

  /** Keeps the wait of an entry that is evicted: eviction must not free it to call the vendor at once. */
  remember(name: string, entry: TokenEntry): void {
    if (entry.blockedForMs() === 0) return;
    entry.letGo();
    this.#waiting.set(name, entry);
  }

  /** An entry that was evicted while it had to wait. */
  recall(name: string): TokenEntry | undefined {
    const entry = this.#waiting.get(name);
    this.#waiting.delete(name);
    return entry;
  }

  #crowder(tenant: RoomTenant): RoomTenant | undefined {
    const share = this.#maxEntries / this.#tenants.size;
    if (tenant.size >= share && tenant.size > 0) return tenant;
    let crowder: RoomTenant | undefined;
    for (const other of this.#tenants) if (other.size > (crowder?.size ?? 0)) crowder = other;
    return crowder;
  }
}
