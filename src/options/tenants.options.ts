import * as v from 'valibot';
import { baseUrl } from './base-url-rule.js';
import { checkedBy, flag, functionThat, wholeNumber, type Declarations } from './option-rules.js';

export const MAX_TENANT_ID_LENGTH = 200;
const LEAST_FINGERPRINT_KEY_LENGTH = 32;

/**
 * The account of one tenant at Nudge.
 *
 * @publicApi
 */
export interface TenantConfig {
  /** The PRIVATE key of the tenant's account. */
  readonly apiKey: string;
  /** The key that the module uses while Nudge refuses the first one (401 or 403). */
  readonly fallbackApiKey?: string | undefined;
  /** The URL of Nudge's API for the tenant: one of `tenants.baseUrls`. Default: the registration's `baseUrl`. */
  readonly baseUrl?: string | undefined;
  /** Minutes that the tenant's tokens live, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  readonly defaultExpiryMins?: number | undefined;
}

/**
 * Many Nudge accounts behind one backend.
 *
 * @publicApi
 */
export interface NudgeTenantsOptions {
  /**
   * Returns the tenant of the user for whom the endpoint fetches a token, 1 to 200 characters without control characters.
   * Take it from the verified user, never from a parameter, header or body that the client can choose. The module compares
   * ids exactly.
   */
  id(user: unknown, request: unknown): string | Promise<string>;
  /**
   * Returns the tenant's account, or `undefined` if there is no such tenant. The module calls it when it first needs a tenant,
   * then in the background once in `configTtlMs`, and at once after Nudge has refused the key. While the function fails or
   * hangs, the module uses its last answer for an hour.
   */
  config(tenantId: string): TenantConfig | undefined | Promise<TenantConfig | undefined>;
  /** The base URLs that a tenant's config may name. Origin and path must match exactly. Default `[]`. */
  baseUrls?: readonly string[];
  /**
   * The number of tenants that the process holds, 1 to 100000. Above it the process drops the tenant that was used least
   * recently. Default 1000.
   */
  maxTenants?: number;
  /** Milliseconds after which the module asks for a tenant's config anew, 1000 to 3600000. Default 60000. */
  configTtlMs?: number;
  /** `true` writes the ids of tenants into log lines, `false` a fingerprint of each id. Default `false`. */
  logIds?: boolean;
  /**
   * The secret key of the fingerprints that stand for tenants in log lines and events: at least 32 characters, the same in
   * every process. Default: a random key at every start, so that the fingerprints of two processes differ.
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
