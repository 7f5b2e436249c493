import { randomBytes } from 'node:crypto';
import { Secret } from '../common/secret.js';
import type { NudgeTenantsOptions } from './tenants.options.js';

const FINGERPRINT_KEY_BYTES = 32;

/** The option `tenants` with its defaults, frozen. */
export interface ResolvedTenantsOptions {
  readonly id: NudgeTenantsOptions['id'];
  readonly config: NudgeTenantsOptions['config'];
  /** In the form of `comparableBaseUrl`. */
  readonly baseUrls: readonly string[];
  readonly maxTenants: number;
  readonly configTtlMs: number;
  readonly logIds: boolean;
  readonly fingerprintKey: Secret;
}

/** The origin and path of a URL without a trailing slash, so that two base URLs can be compared. */
export function comparableBaseUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname.endsWith('/') ? pathname.slice(0, -1) : pathname}`;
}

/** The option `tenants` after its check, with its defaults. */
export type CheckedTenantsOptions = Omit<Required<NudgeTenantsOptions>, 'fingerprintKey'> &
  Pick<NudgeTenantsOptions, 'fingerprintKey'>;

export function resolveTenants({ fingerprintKey, ...given }: CheckedTenantsOptions): ResolvedTenantsOptions {
  return Object.freeze({
    ...given,
    baseUrls: Object.freeze(given.baseUrls.map(comparableBaseUrl)),
    fingerprintKey: new Secret(fingerprintKey ?? randomBytes(FINGERPRINT_KEY_BYTES).toString('base64url')),
  });
}
