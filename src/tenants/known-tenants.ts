import { LRUCache } from 'lru-cache';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { Tenant } from './tenant.js';

/** A tenant counts as active for so long after it was last asked for. */
const ACTIVE_FOR_MS = 10 * MINUTE_MS;
/** Former tenants are remembered for what was learnt of them (a refused key, a backoff), without their tokens. */
const MOST_FORMER = 1_000;

/** The tenants that are known: a bounded number, those asked for last. */
export class KnownTenants {
  readonly #maxTenants: number;
  readonly #clock: Clock;
  /** The one asked for last stands last. */
  readonly #byId = new Map<string, Tenant>();
  readonly #former = new LRUCache<string, Tenant>({
    max: MOST_FORMER,
    dispose: (tenant, _id, reason) => void (reason === 'evict' && tenant.close()),
  });
  #latest: Tenant | undefined;
  #counted: { readonly at: Instant; readonly active: number } | undefined;

  constructor(maxTenants: number, clock: Clock) {
    this.#maxTenants = maxTenants;
    this.#clock = clock;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** A tenant, which counts as asked for now. */
  find(id: string): Tenant | undefined {
    if (this.#latest?.id === id) return this.#latest;
    const tenant = this.#byId.get(id);
    if (tenant === undefined) return this.#findFormer(id);
    this.#byId.delete(id);
    this.#byId.set(id, tenant);
    this.#latest = tenant;
    return tenant;
  }

  /** The same without counting as asked for. */
  peek(id: string): Tenant | undefined {
    return this.#byId.get(id) ?? this.#former.peek(id);
  }

  /** Adds a tenant in place of the one that was asked for least recently, where there are too many. */
  add(tenant: Tenant): void {
    for (const [id, oldest] of this.#byId) {
      if (this.#byId.size < this.#maxTenants) break;
      this.#byId.delete(id);
      oldest.cache.evictAll();
      this.#former.set(id, oldest);
    }
    this.#byId.set(tenant.id, tenant);
    this.#latest = tenant;
    this.#counted = undefined;
  }

  remove(id: string): void {
    if (this.#latest?.id === id) this.#latest = undefined;
    this.#byId.delete(id);
    this.#former.delete(id);
  }

  ids(): Iterable<string> {
    return this.#byId.keys();
  }

  /** How many were asked for in the last ten minutes, counted once a second at most. */
  countActive(): number {
    const now = this.#clock.now();
    if (this.#counted === undefined || elapsedMs(this.#counted.at, now) >= SECOND_MS) {
      this.#counted = { at: now, active: this.active().length };
    }
    return Math.max(1, this.#counted.active);
  }

  /** Those that were asked for in the last ten minutes. */
  active(): Tenant[] {
    const now = this.#clock.now();
    return [...this.#byId.values()].filter(({ askedAt }) => elapsedMs(askedAt, now) < ACTIVE_FOR_MS);
  }

  /** How many tokens are held. */
  countHeld(): number {
    let held = 0;
    for (const { cache } of this.#byId.values()) held += cache.size;
    return held;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byId.values(), ...this.#former.values()].map((tenant) => tenant.close()));
  }

  #findFormer(id: string): Tenant | undefined {
    const tenant = this.#former.get(id);
    if (tenant === undefined) return undefined;
    this.#former.delete(id);
    this.add(tenant);
    return tenant;
  }
}
