import { LRUCache } from 'lru-cache';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { Tenant } from './tenant.js';

/** A tenant counts as active for this long after its last request. */
const ACTIVE_FOR_MS = 10 * MINUTE_MS;
/** Former tenants stay here without their tokens, so that a refused key and a backoff are not forgotten. */
const MOST_FORMER = 1_000;

/** The tenants that the process knows: a limited number, those with the latest requests. */
export class KnownTenants {
  readonly #maxTenants: number;
  readonly #clock: Clock;
  /** In the order of their latest request, the latest last. */
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

  /** Finds a tenant, and makes it the latest one. */
  find(id: string): Tenant | undefined {
    if (this.#latest?.id === id) return this.#latest;
    const tenant = this.#byId.get(id);
    if (tenant === undefined) return this.#findFormer(id);
    this.#byId.delete(id);
    this.#byId.set(id, tenant);
    this.#latest = tenant;
    return tenant;
  }

  /** Finds a tenant without changing the order. */
  peek(id: string): Tenant | undefined {
    return this.#byId.get(id) ?? this.#former.peek(id);
  }

  /** Adds a tenant. Above the limit it takes the place of the tenant whose latest request is oldest. */
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

  /** The number of active tenants, at least 1, counted once a second at most. */
  countActive(): number {
    const now = this.#clock.now();
    if (this.#counted === undefined || elapsedMs(this.#counted.at, now) >= SECOND_MS) {
      this.#counted = { at: now, active: this.active().length };
    }
    return Math.max(1, this.#counted.active);
  }

  /** The tenants with a request in the last ten minutes. */
  active(): Tenant[] {
    const now = this.#clock.now();
    return [...this.#byId.values()].filter(({ askedAt }) => elapsedMs(askedAt, now) < ACTIVE_FOR_MS);
  }

  /** The number of tokens that the process holds. */
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
