import type { z } from 'zod';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import { Sealed } from '../common/sealed.js';
import { Secret } from '../common/secret.js';
import { withoutTrailing } from '../common/without-trailing.js';
import type { TokenStore } from '../store/token-store.js';
import {
  DEFAULT_BASE_URL,
  DEFAULT_CALLS_PER_MINUTE,
  DEFAULT_DEADLINE_MS,
  DEFAULT_EXPIRY_MINS,
  DEFAULT_MAX_ENTRIES,
  DEFAULT_MAX_RETRIES,
  DEFAULT_MAX_WAIT_MS,
  DEFAULT_TIMEOUT_MS,
  type ApiKeyOption,
  type NudgeAuthOptions,
  type NudgeConnectionOptions,
  type NudgeHttpOptions,
  type NudgeUserScopeOptions,
} from './nudge-auth.options.js';
import { nudgeAuthOptionsSchema } from './options-schema.js';
import { isInsecure } from './plain-http.js';
import { resolveTenants, tenantsWarnings, type ResolvedTenantsOptions } from './resolve-tenants.js';
import { resolveUserJwt, userJwtWarnings, type ResolvedUserJwtOptions } from './resolve-user-jwt.js';
import { alarmsAbout } from './tls-alarm.js';

/** An API key that no log can print, or the function that is asked for it. */
export type ResolvedApiKey = Secret | (() => string | Promise<string>);

/** The options with every default filled in, checked and frozen. */
export interface ResolvedNudgeAuthOptions {
  /** `undefined` with tenants. */
  readonly apiKey: ResolvedApiKey | undefined;
  readonly fallbackApiKey: ResolvedApiKey | undefined;
  readonly defaultExpiryMins: number;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly scope: 'client' | 'user';
  readonly extId: NudgeUserScopeOptions['extId'] | undefined;
  readonly cache: {
    readonly enabled: boolean;
    readonly rotateAfterMs: number | undefined;
    readonly minRemainingMs: number | undefined;
    readonly maxWaitMs: number;
    readonly maxEntries: number;
  };
  readonly warmUp: false | 'background' | 'required';
  readonly budget: { readonly callsPerMinute: number };
  readonly http: Required<Pick<NudgeHttpOptions, 'timeoutMs' | 'deadlineMs' | 'maxRetries'>> & {
    /** Proxies want passwords, and agents know them. */
    readonly connection: Sealed<NudgeConnectionOptions>;
  };
  readonly userJwt: ResolvedUserJwtOptions | undefined;
  readonly store: TokenStore | undefined;
  readonly tenants: ResolvedTenantsOptions | undefined;
  readonly enabled: () => boolean;
  /** What endangers the API key, to be logged once at boot as an error. */
  readonly alarms: readonly string[];
  /** What is allowed but probably not meant, to be logged once at boot. */
  readonly warnings: readonly string[];
}

const STATIC_EXTRAS = ['endpoint', 'isGlobal', 'imports', 'name'];

function problemsOf(issues: readonly z.core.$ZodIssue[]): OptionProblem[] {
  return issues.flatMap((issue): OptionProblem[] => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: path === '' ? key : `${path}.${key}`,
        message:
          path === '' && STATIC_EXTRAS.includes(key)
            ? 'must be known before factories run: put it beside useFactory, not into what it returns'
            : 'is not an option: remove it or check its spelling',
      }));
    }
    return [{ path: path === '' ? 'options' : path, message: issue.message }];
  });
}

function resolveApiKey(key: ApiKeyOption | undefined): ResolvedApiKey | undefined {
  return typeof key === 'string' ? new Secret(key) : key;
}

/** No format of keys is documented, so a shape that looks wrong is worth a warning and no more. */
function suspicionAbout(path: string, key: ApiKeyOption | undefined): string[] {
  if (typeof key !== 'string') return [];
  if (/^(your|my|the)\W|change.?me|xxx|placeholder|<[^<]*>|example/i.test(key)) {
    return [`${path} looks like a placeholder: is it really the private key from the Nudge dashboard?`];
  }
  if (/public/i.test(key)) {
    return [`${path} looks like a PUBLIC key: the token API takes the private one only`];
  }
  if (key.length < 16) {
    return [
      `${path} is only ${key.length} characters long: is it really the private key from the Nudge dashboard?`,
    ];
  }
  return [];
}

function warningsAbout(options: NudgeAuthOptions): string[] {
  const warnings = [
    ...suspicionAbout('apiKey', options.apiKey),
    ...suspicionAbout('fallbackApiKey', options.fallbackApiKey),
  ];
  if (typeof options.fallbackApiKey === 'string' && options.fallbackApiKey === options.apiKey) {
    warnings.push('fallbackApiKey is the same as apiKey: it will be refused whenever that one is');
  }
  if (options.tenants !== undefined) warnings.push(...tenantsWarnings(options.tenants));
  if (options.userJwt !== undefined) warnings.push(...userJwtWarnings(options.userJwt));
  if (options.baseUrl !== undefined && isInsecure(options.baseUrl)) {
    warnings.push(
      'baseUrl is plain http: the API key crosses the network in clear (allowInsecureBaseUrl is set)',
    );
  }
  if (options.userJwt?.jwksUri !== undefined && isInsecure(options.userJwt.jwksUri)) {
    warnings.push(
      "userJwt.jwksUri is plain http: on its way, the list of keys that verify your users' JWTs can be replaced " +
        '(allowInsecureJwksUri is set)',
    );
  }
  return warnings;
}

/**
 * The options with their defaults, checked and frozen.
 *
 * @param subject what the error is about: `NudgeAuthModule`, or `NudgeAuthModule "name"`.
 * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
 */
export function resolveNudgeAuthOptions(
  given: NudgeAuthOptions,
  subject = 'NudgeAuthModule',
): ResolvedNudgeAuthOptions {
  const { error } = nudgeAuthOptionsSchema.safeParse(given);
  if (error !== undefined) throw new InvalidNudgeAuthOptionsError(subject, problemsOf(error.issues));
  const cache = given.cache === false ? {} : (given.cache ?? {});
  const { proxy, httpAgent, httpsAgent, ...timing } = given.http ?? {};
  return Object.freeze({
    apiKey: resolveApiKey(given.apiKey),
    fallbackApiKey: resolveApiKey(given.fallbackApiKey),
    defaultExpiryMins: given.defaultExpiryMins ?? DEFAULT_EXPIRY_MINS,
    baseUrl: withoutTrailing(given.baseUrl ?? DEFAULT_BASE_URL, '/'),
    scope: given.scope ?? 'client',
    extId: given.scope === 'user' ? given.extId.bind(given) : undefined,
    cache: Object.freeze({
      enabled: given.cache !== false,
      rotateAfterMs: cache.rotateAfterMs,
      minRemainingMs: cache.minRemainingMs,
      maxWaitMs: cache.maxWaitMs ?? DEFAULT_MAX_WAIT_MS,
      maxEntries: cache.maxEntries ?? DEFAULT_MAX_ENTRIES,
    }),
    warmUp: given.warmUp ?? false,
    budget: Object.freeze({ callsPerMinute: given.budget?.callsPerMinute ?? DEFAULT_CALLS_PER_MINUTE }),
    http: Object.freeze({
      connection: new Sealed<NudgeConnectionOptions>({ proxy, httpAgent, httpsAgent }),
      timeoutMs: timing.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      deadlineMs: timing.deadlineMs ?? DEFAULT_DEADLINE_MS,
      maxRetries: timing.maxRetries ?? DEFAULT_MAX_RETRIES,
    }),
    userJwt: given.userJwt === undefined ? undefined : resolveUserJwt(given.userJwt, given.http),
    store: given.store,
    tenants: given.tenants === undefined ? undefined : resolveTenants(given.tenants),
    enabled: given.enabled ?? (() => true),
    alarms: Object.freeze(alarmsAbout(given)),
    warnings: Object.freeze(warningsAbout(given)),
  });
}
