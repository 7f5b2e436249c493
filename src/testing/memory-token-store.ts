import { LRUCache } from 'lru-cache';
import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { MemoryStoreView } from './memory-store-view.js';
import { MemoryCallLimits } from '../store/memory-call-limits.js';
import type {
  SharedCallLimits,
  StoredToken,
  TokenLease,
  TokenRecord,
  TokenStore,
  TokenStoreUser,
} from '../store/token-store.js';

/** A lease ends after this time, even if its holder does not release it. */
const LEASE_MS = 8 * SECOND_MS;
const DEFAULT_MAX_ENTRIES = 100_000;

interface Slot {
  readonly tenant: string | undefined;
  fence: number;
  lease: { readonly fence: number; readonly since: Instant } | undefined;
  stored: { readonly record: TokenRecord; readonly fence: number; readonly since: Instant } | undefined;
}

/**
 * A `TokenStore` in the memory of one process, which several applications of that process can share. It is also the
 * simplest store that keeps the contract.
 *
 * @publicApi
 */
export class MemoryTokenStore implements TokenStore {
  readonly #clock: Clock;
  readonly #slots: LRUCache<string, Slot>;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #users = new Set<TokenStoreUser>();
  readonly #limits = new Map<string, SharedCallLimits>();
  #lastFence = 0;

  /**
   * @param maxEntries how many entries are kept at most. The least recently used one is dropped first. Default 100,000.
   */
  constructor(clock: Clock, maxEntries = DEFAULT_MAX_ENTRIES) {
    this.#clock = clock;
    this.#slots = new LRUCache({ max: maxEntries });
  }

  /** The store for one registration. The registration hears when another one invalidates all tokens. */
  bind(user: TokenStoreUser): TokenStore {
    this.#users.add(user);
    return new MemoryStoreView(this, user, undefined);
  }

  forTenant(tenant: string): TokenStore {
    return new MemoryStoreView(this, undefined, tenant);
  }

  callLimitsOf(origin: string): SharedCallLimits {
    const limits = this.#limits.get(origin) ?? new MemoryCallLimits(this.#clock);
    this.#limits.set(origin, limits);
    return limits;
  }

  async read(entry: string): Promise<StoredToken | undefined> {
    const stored = this.#slots.get(entry)?.stored;
    if (stored === undefined) return undefined;
    const passedMs = elapsedMs(stored.since, this.#clock.now());
    const { record, fence } = stored;
    const remainingMs = record.remainingMs - passedMs;
    return remainingMs <= 0 ? undefined : { ...record, remainingMs, ageMs: record.ageMs + passedMs, fence };
  }

  async acquire(entry: string, tenant?: string): Promise<TokenLease | undefined> {
    const slot = this.#slotOf(entry, tenant);
    const now = this.#clock.now();
    if (slot.lease !== undefined && elapsedMs(slot.lease.since, now) < LEASE_MS) return undefined;
    const fence = ++this.#lastFence;
    slot.lease = { fence, since: now };
    return {
      fence,
      storedFence: slot.stored?.fence ?? 0,
      isHeld: () => this.#isHeld(entry, fence),
      write: async (record) => this.#write(entry, record, fence),
      release: async () => this.#release(entry, fence),
    };
  }

  async invalidate(entry: string): Promise<void> {
    this.#empty(entry, this.#slotOf(entry));
  }

  /** @param by the registration that makes the call. All others are told. */
  async invalidateAll(tenant?: string, by?: TokenStoreUser): Promise<void> {
    for (const [entry, slot] of this.#slots.entries()) if (slot.tenant === tenant) this.#empty(entry, slot);
    for (const user of this.#users) if (user !== by) user.invalidatedAll?.(tenant);
  }

  untilChanged(entry: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(entry) ?? new Set();
      this.#waiting.set(entry, waiting);
      const cancel: Cancel = this.#clock.schedule(timeoutMs, end);
      waiting.add(end);
      function end(): void {
        cancel();
        waiting.delete(end);
        resolve();
      }
    });
  }

  async close(): Promise<void> {
    for (const entry of this.#waiting.keys()) this.#announce(entry);
    this.#slots.clear();
  }

  #write(entry: string, record: TokenRecord, fence: number): boolean {
    const slot = this.#slotOf(entry);
    if (fence <= slot.fence) return false;
    slot.fence = fence;
    slot.stored = { record, fence, since: this.#clock.now() };
    this.#announce(entry);
    return true;
  }

  #isHeld(entry: string, fence: number): boolean {
    const lease = this.#slots.get(entry)?.lease;
    return lease?.fence === fence && elapsedMs(lease.since, this.#clock.now()) < LEASE_MS;
  }

  #release(entry: string, fence: number): void {
    const slot = this.#slots.get(entry);
    if (slot?.lease?.fence !== fence) return;
    slot.lease = undefined;
    this.#announce(entry);
  }

  #empty(entry: string, slot: Slot): void {
    slot.stored = undefined;
    slot.lease = undefined;
    slot.fence = ++this.#lastFence;
    this.#announce(entry);
  }

  #slotOf(entry: string, tenant?: string): Slot {
    const known = this.#slots.get(entry);
    if (known !== undefined) return known;
    const slot: Slot = { tenant, fence: 0, lease: undefined, stored: undefined };
    this.#slots.set(entry, slot);
    return slot;
  }

  #announce(entry: string): void {
    const waiting = this.#waiting.get(entry);
    this.#waiting.delete(entry);
    for (const end of waiting ?? []) end();
  }
}
