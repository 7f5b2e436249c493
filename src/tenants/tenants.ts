import { statusOf, type CacheStatus } from '../cache/cache-status.js';
import type { Clock, Instant } from '../common/clock.js';
import { inOwnContext } from '../common/own-context.js';
import type { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import type { TokenStore } from '../store/token-store.js';
import type { NudgeToken } from '../token/nudge-token.js';
import type { KnownTenants } from './known-tenants.js';
import type { TenantDirectory } from './tenant-directory.js';
import { tenantIdOf } from './tenant-id.js';
import type { TenantTokenRequest } from './tenant.js';

/** The tokens of all tenants of a registration. */
export class Tenants {
  readonly #directory: TenantDirectory;
  readonly #known: KnownTenants;
  readonly #store: TokenStore | undefined;
  readonly #breaker: StoreCircuitBreaker;
  readonly #clock: Clock;

  constructor(
    directory: TenantDirectory,
    known: KnownTenants,
    store: TokenStore | undefined,
    breaker: StoreCircuitBreaker,
    clock: Clock,
  ) {
    this.#directory = directory;
    this.#known = known;
    this.#store = store;
    this.#breaker = breaker;
    this.#clock = clock;
  }

  /** The number of tokens that the process holds. */
  get size(): number {
    return this.#known.countHeld();
  }

  /**
   * Returns a token of the tenant's account: without a promise if a good one is held.
   *
   * @param given the unchecked id of the tenant.
   * @param begunAt when the caller's deadline began. Default: now.
   * @throws {NudgeAuthError} if there is no token.
   */
  getToken(given: unknown, request: TenantTokenRequest, begunAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const id = tenantIdOf(given);
    const tenant = this.#directory.find(id);
    // Its config and its token are waited for no longer than a token alone.
    if (tenant === undefined) return this.#afterResolving(id, request, begunAt ?? this.#clock.now());
    return tenant.getToken(request, begunAt);
  }

  /** Drops one token of a tenant. */
  async invalidate(given: unknown, { expiryMins, extId }: TenantTokenRequest): Promise<void> {
    const id = tenantIdOf(given);
    const tenant = this.#directory.find(id) ?? (await this.#directory.resolve(id));
    await tenant.cache.invalidate({ expiryMins: expiryMins ?? tenant.defaultExpiryMins, extId });
  }

  /** Drops all tokens of a tenant, in all processes, and asks for its config anew. */
  async invalidateAll(given: unknown): Promise<void> {
    const id = tenantIdOf(given);
    const tenant = this.#known.peek(id);
    const store = this.#store?.forTenant?.(id);
    const dropping =
      tenant?.cache.invalidateAll() ??
      inOwnContext(() =>
        this.#breaker.ask('invalidate', this.#breaker.timeBudget(), async () => store?.invalidateAll?.()),
      );
    await Promise.all([dropping, this.#directory.askAnew(id)]);
  }

  /** Drops all held tokens of a tenant, because another process has invalidated them. */
  invalidatedElsewhere(id: string): void {
    this.#known.peek(id)?.cache.invalidatedElsewhere();
    if (this.#known.peek(id) !== undefined) void this.#directory.askAnew(id);
  }

  /** @param given the unchecked id of the tenant. */
  statusOf(given: unknown): CacheStatus {
    const tenant = this.#known.peek(tenantIdOf(given));
    return statusOf(tenant?.cache, tenant?.board.summary);
  }

  /** The status of each active tenant. */
  activeStatuses(): CacheStatus[] {
    return this.#known.active().map(({ cache, board }) => statusOf(cache, board.summary));
  }

  /** Connects to the store, if there is one. */
  open(): void {
    inOwnContext(() => void this.#store?.whenReady?.());
  }

  /** Refuses new callers, and resolves when all work under way has ended. */
  async close(): Promise<void> {
    await this.#directory.close();
    this.#breaker.close();
  }

  async #afterResolving(id: string, request: TenantTokenRequest, begunAt: Instant): Promise<NudgeToken> {
    const tenant = await this.#directory.resolve(id, begunAt);
    return tenant.getToken(request, begunAt);
  }
}
