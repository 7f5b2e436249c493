import * as v from 'valibot';
import { Sealed } from '../common/sealed.js';
import { Secret } from '../common/secret.js';
import { withoutTrailing } from '../common/without-trailing.js';
import type { TokenStore } from '../store/token-store.js';
import type { ApiKeyOption } from './api-key-rule.js';
import type { NudgeAuditOptions } from './audit.options.js';
import type { NudgeBudgetOptions } from './budget.options.js';
import { cacheSchema, type CacheOptionsWithDefaults } from './cache.options.js';
import { checkOptions } from './check-options.js';
import type { NudgeConnectionOptions } from './connection.options.js';
import { doctorAdvice } from './doctor-advice.js';
import type { HttpTiming } from './http.options.js';
import type { NudgeAuthOptions, NudgeUserScopeOptions } from './nudge-auth.options.js';
import { warningsAbout } from './option-warnings.js';
import { nudgeAuthOptionsSchema } from './options-schema.js';
import { resolveTenants, type ResolvedTenantsOptions } from './resolve-tenants.js';
import { resolveUserJwt, type ResolvedUserJwtOptions } from './resolve-user-jwt.js';
import { alarmsAbout } from './tls-alarm.js';

/** An API key that no log can print, or the host's function that returns it. */
export type ResolvedApiKey = Secret | (() => string | Promise<string>);

/** The options with every default, checked and frozen. */
export interface ResolvedNudgeAuthOptions {
  /** `undefined` with tenants. */
  readonly apiKey: ResolvedApiKey | undefined;
  readonly fallbackApiKey: ResolvedApiKey | undefined;
  readonly defaultExpiryMins: number;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly scope: 'client' | 'user';
  readonly extId?: NudgeUserScopeOptions['extId'];
  readonly cache: Readonly<CacheOptionsWithDefaults> & { readonly holdsTokens: boolean };
  readonly warmUp: false | 'background' | 'required';
  readonly budget: Readonly<Required<NudgeBudgetOptions>>;
  readonly http: Readonly<HttpTiming> & {
    /** Sealed, because a proxy or an agent may hold a password. */
    readonly connection: Sealed<NudgeConnectionOptions>;
  };
  readonly userJwt: ResolvedUserJwtOptions | undefined;
  readonly store?: TokenStore;
  readonly audit?: NudgeAuditOptions;
  readonly tenants: ResolvedTenantsOptions | undefined;
  /** The kill switch; `undefined` without one. */
  readonly enabled: (() => boolean) | undefined;
  /** Dangers for the API key. The module logs each as an error, once, at boot. */
  readonly alarms: readonly string[];
  /** Values that are allowed but probably a mistake. The module logs each as a warning, once, at boot. */
  readonly warnings: readonly string[];
}

function resolveApiKey(key: ApiKeyOption): ResolvedApiKey {
  return typeof key === 'string' ? new Secret(key) : key;
}

/**
 * Checks the options and returns them with their defaults, frozen.
 *
 * @param subject what the error names: `NudgeAuthModule`, or `NudgeAuthModule "name"`.
 * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
 */
export function resolveNudgeAuthOptions(
  given: NudgeAuthOptions,
  subject = 'NudgeAuthModule',
): ResolvedNudgeAuthOptions {
  const options = checkOptions(nudgeAuthOptionsSchema, given, subject, (problems) =>
    doctorAdvice(problems, Object(given) as typeof given),
  );
  const { apiKey, fallbackApiKey, baseUrl, cache, budget, userJwt, tenants } = options;
  const { proxy, httpAgent, httpsAgent, ...timing } = options.http;
  const connection = { proxy, httpAgent, httpsAgent };
  return Object.freeze({
    ...options,
    enabled: options.enabled,
    apiKey: apiKey === undefined ? undefined : resolveApiKey(apiKey),
    fallbackApiKey: fallbackApiKey === undefined ? undefined : resolveApiKey(fallbackApiKey),
    baseUrl: withoutTrailing(baseUrl, '/'),
    cache: Object.freeze({ ...(cache || v.parse(cacheSchema, {})), holdsTokens: cache !== false }),
    budget: Object.freeze(budget),
    http: Object.freeze({ ...timing, connection: new Sealed<NudgeConnectionOptions>(connection) }),
    tenants: tenants && resolveTenants(tenants),
    userJwt: userJwt && resolveUserJwt(userJwt, connection),
    alarms: Object.freeze(alarmsAbout(given)),
    warnings: Object.freeze(warningsAbout(given)),
  });
}
