export const DEFAULT_MAX_TENANTS = 1_000;
export const DEFAULT_CONFIG_TTL_MS = 60_000;
export const MAX_TENANT_ID_LENGTH = 200;

/** What is known of one tenant: its account at Nudge. */
export interface TenantConfig {
  /** The PRIVATE key of the tenant's account. */
  readonly apiKey: string;
  /** Used while the first key is refused (401 or 403). */
  readonly fallbackApiKey?: string | undefined;
  /** Where the tenant's account lives: one of `tenants.baseUrls`. Default: the registration's `baseUrl`. */
  readonly baseUrl?: string | undefined;
  /** Minutes the tenant's tokens live, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  readonly defaultExpiryMins?: number | undefined;
}

/** Many Nudge accounts behind one backend. */
export interface NudgeTenantsOptions {
  /**
   * The tenant of the user for whom the endpoint fetches a token, 1 to 200 characters without control characters. Take it
   * from the verified user, never from what the request says of itself. Ids are compared exactly.
   */
  id(user: unknown, request: unknown): string | Promise<string>;
  /**
   * The tenant's account; `undefined` where there is no such tenant. Asked when a tenant is first needed, then behind the
   * callers once in `configTtlMs`, and at once when Nudge has refused the key. The last answer serves for an hour while
   * this throws or hangs.
   */
  config(tenantId: string): TenantConfig | undefined | Promise<TenantConfig | undefined>;
  /** The base URLs that a tenant's config may name, matched exactly by origin and path. Default: none. */
  baseUrls?: readonly string[];
  /** Tenants that are known at once, 1 to 100000; the least recently used goes first. Default 1000. */
  maxTenants?: number;
  /** Milliseconds after which a tenant's config is asked for anew, 1000 to 3600000. Default 60000. */
  configTtlMs?: number;
  /** `true` writes tenants' ids into log lines; by default a fingerprint stands there. */
  logIds?: boolean;
  /**
   * Keys the fingerprints that stand for tenants in log lines and events: at least 32 characters, the same in every process.
   * Default: drawn at every start, so that the fingerprints of two processes differ.
   */
  fingerprintKey?: string;
}
