import * as v from 'valibot';
import { baseUrl } from './base-url-rule.js';
import { checkedBy, flag, functionThat, wholeNumber, type Declarations } from './option-rules.js';

export const MAX_TENANT_ID_LENGTH = 200;
const LEAST_FINGERPRINT_KEY_LENGTH = 32;

/**
 * What is known of one tenant: its account at Nudge.
 *
 * @publicApi
 */
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

/**
 * Many Nudge accounts behind one backend.
 *
 * @publicApi
 */
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
  /** The base URLs that a tenant's config may name, matched exactly by origin and path. Default `[]`. */
  baseUrls?: readonly string[];
  /** Tenants that are known at once, 1 to 100000; the least recently used goes first. Default 1000. */
  maxTenants?: number;
  /** Milliseconds after which a tenant's config is asked for anew, 1000 to 3600000. Default 60000. */
  configTtlMs?: number;
  /** `true` writes tenants' ids into log lines; otherwise a fingerprint stands there. Default `false`. */
  logIds?: boolean;
  /**
   * Keys the fingerprints that stand for tenants in log lines and events: at least 32 characters, the same in every process.
   * Default: drawn at every start, so that the fingerprints of two processes differ.
   */
  fingerprintKey?: string;
}

/** @internal */
export const tenantsOptions = {
  id: functionThat<NudgeTenantsOptions['id']>(
    'returns the tenant of the verified user, such as (user) => user.tenantId',
  ),
  config: functionThat<NudgeTenantsOptions['config']>(
    "returns a tenant's account, such as (id) => accounts.findById(id)",
  ),
  baseUrls: v.optional(v.array(baseUrl, 'must be a list of URLs'), []),
  maxTenants: v.optional(wholeNumber({ min: 1, max: 100_000, unit: 'tenants' }), 1_000),
  configTtlMs: v.optional(wholeNumber({ min: 1_000, max: 3_600_000, unit: 'milliseconds' }), 60_000),
  logIds: v.optional(flag(), false),
  fingerprintKey: v.optional(
    checkedBy<string>((key) =>
      typeof key === 'string' && key.length >= LEAST_FINGERPRINT_KEY_LENGTH
        ? undefined
        : `must be a text of at least ${LEAST_FINGERPRINT_KEY_LENGTH} characters`,
    ),
  ),
} satisfies Declarations<NudgeTenantsOptions>;
