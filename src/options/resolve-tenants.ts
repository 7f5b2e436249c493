import { randomBytes } from 'node:crypto';
import { Secret } from '../common/secret.js';
import { isInsecure } from './plain-http.js';
import { DEFAULT_CONFIG_TTL_MS, DEFAULT_MAX_TENANTS, type NudgeTenantsOptions } from './tenants.options.js';

const FINGERPRINT_KEY_BYTES = 32;

/** The option `tenants` with its defaults, frozen. */
export interface ResolvedTenantsOptions {
  readonly id: NudgeTenantsOptions['id'];
  readonly config: NudgeTenantsOptions['config'];
  /** As they are compared. */
  readonly baseUrls: readonly string[];
  readonly maxTenants: number;
  readonly configTtlMs: number;
  readonly logIds: boolean;
  readonly fingerprintKey: Secret;
}

/** A URL by its origin and path, without a trailing slash: what two base URLs are compared by. */
export function comparableBaseUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname.endsWith('/') ? pathname.slice(0, -1) : pathname}`;
}

/** Its rules were checked before. */
export function resolveTenants(given: NudgeTenantsOptions): ResolvedTenantsOptions {
  return Object.freeze({
    // Bound, because a method may use its `this`.
    id: given.id.bind(given),
    config: given.config.bind(given),
    baseUrls: Object.freeze((given.baseUrls ?? []).map(comparableBaseUrl)),
    maxTenants: given.maxTenants ?? DEFAULT_MAX_TENANTS,
    configTtlMs: given.configTtlMs ?? DEFAULT_CONFIG_TTL_MS,
    logIds: given.logIds ?? false,
    fingerprintKey: new Secret(
      given.fingerprintKey ?? randomBytes(FINGERPRINT_KEY_BYTES).toString('base64url'),
    ),
  });
}

/** What is allowed but probably not meant. */
export function tenantsWarnings({ baseUrls = [] }: NudgeTenantsOptions): string[] {
  return baseUrls
    .filter(isInsecure)
    .map(
      () =>
        'tenants.baseUrls has a plain http URL: API keys cross the network in clear (allowInsecureBaseUrl is set)',
    );
}
