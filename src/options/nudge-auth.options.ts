import * as v from 'valibot';
import type { TokenStore } from '../store/token-store.js';
import { apiKey, type ApiKeyOption } from './api-key-rule.js';
import { auditOptions, type NudgeAuditOptions } from './audit.options.js';
import { baseUrl } from './base-url-rule.js';
import { budgetOptions, type NudgeBudgetOptions } from './budget.options.js';
import { cacheSchema, type NudgeCacheOptions } from './cache.options.js';
import { DEFAULT_EXPIRY_MINS, MAX_EXPIRY_MINS, MIN_EXPIRY_MINS } from './expiry-mins.js';
import { httpOptions, type NudgeHttpOptions } from './http.options.js';
import {
  falseOr,
  flag,
  fromEnvironment,
  functionThat,
  optionsOf,
  wholeNumber,
  type Declarations,
} from './option-rules.js';
import { tenantsOptions, type NudgeTenantsOptions } from './tenants.options.js';
import { userJwtSchema, type UserJwtOptions } from './user-jwt.options.js';

export const MAX_EXT_ID_LENGTH = 100;

/** One account at Nudge. */
interface OneAccount {
  /**
   * The PRIVATE key from the settings of the Nudge dashboard, or a function that returns it. The module calls the function
   * before every call to Nudge. Required, except with `tenants`.
   *
   * @see docs/api-keys.md
   */
  apiKey: ApiKeyOption;
  /** The key that the module uses while Nudge refuses the first one (401 or 403). The module logs a warning then. */
  fallbackApiKey?: ApiKeyOption;
  /**
   * Fetches the first token at boot. `'background'` does not wait for it. `'required'` waits 5 s at most, and fails the boot
   * only if Nudge itself refuses every key. Default `false`.
   */
  warmUp?: false | 'background' | 'required';
  tenants?: undefined;
}

/** One account at Nudge for each tenant. The registration itself has none. */
interface AccountPerTenant {
  /**
   * Many Nudge accounts behind one backend, in place of `apiKey`, `fallbackApiKey` and `warmUp`.
   *
   * @see docs/tenants.md
   */
  tenants: NudgeTenantsOptions;
  apiKey?: undefined;
  fallbackApiKey?: undefined;
  warmUp?: undefined;
}

interface NudgeAuthCommonOptions {
  /** Minutes that a token lives, 30 to 1440. Default 60. */
  defaultExpiryMins?: number;
  /** The URL of Nudge's API: https, or plain http on loopback. Default `https://main-api.nudgenow.com/api`. */
  baseUrl?: string;
  /** `true` allows plain http to any host, with a warning: for service meshes and containers. Default `false`. */
  allowInsecureBaseUrl?: boolean;
  /**
   * How the process holds tokens; `false` holds none and fetches a token for every call, but concurrent calls share one.
   * Default `{}`.
   *
   * @see docs/token-life.md
   */
  cache?: NudgeCacheOptions | false;
  /** How many calls this application may send to Nudge. Default `{}`. */
  budget?: NudgeBudgetOptions;
  /** How the module calls Nudge. Default `{}`. */
  http?: NudgeHttpOptions;
  /**
   * Lets the module itself verify the JWTs of the users. Default: the host's own `'jwt'` strategy verifies them.
   *
   * @see docs/guards.md
   */
  userJwt?: UserJwtOptions;
  /**
   * The store in which processes share tokens, such as a `RedisTokenStore`. Default: none, each process holds its own.
   *
   * @see docs/fleet.md
   */
  store?: TokenStore;
  /**
   * Passes a record of every token that the endpoint hands to a user to a function of the host. Default: no records.
   *
   * @see docs/audit.md
   */
  audit?: NudgeAuditOptions;
  /**
   * A kill switch that the module asks for every call. While it returns anything but `true`, or throws, callers get `NUDGE_DISABLED` and nothing
   * is sent to Nudge. Default `() => true`.
   */
  enabled?: () => boolean;
}

interface ClientScope {
  scope?: 'client';
  extId?: undefined;
}

interface UserScope {
  /**
   * `'client'`: one token serves every user, so every user holds the same one. `'user'`: every user gets a separate token,
   * bound to `extId`. Default `'client'`.
   *
   * @see docs/scopes.md
   */
  scope: 'user';
  /**
   * Returns the external id, 1 to 100 characters, of the user for whom the endpoint fetches a token. Take it from the
   * verified user, never from a parameter, header or body that the client can choose. Required in scope `'user'`.
   */
  extId(user: unknown, request: unknown): string | Promise<string>;
}

/**
 * One token serves every user: all users then hold the same bearer token.
 *
 * @publicApi
 */
export interface NudgeClientScopeOptions extends NudgeAuthCommonOptions, OneAccount, ClientScope {}

/**
 * Every user gets a separate token, bound to the user's external id at Nudge.
 *
 * @publicApi
 */
export interface NudgeUserScopeOptions extends NudgeAuthCommonOptions, OneAccount, UserScope {}

/**
 * Many accounts; one token serves every user of a tenant.
 *
 * @publicApi
 */
export interface NudgeTenantsClientScopeOptions
  extends NudgeAuthCommonOptions, AccountPerTenant, ClientScope {}

/**
 * Many accounts; every user of a tenant gets a separate token.
 *
 * @publicApi
 */
export interface NudgeTenantsUserScopeOptions extends NudgeAuthCommonOptions, AccountPerTenant, UserScope {}

/**
 * The options that `forRoot` takes and a `forRootAsync` factory returns.
 *
 * @publicApi
 */
export type NudgeAuthOptions =
  | NudgeClientScopeOptions
  | NudgeUserScopeOptions
  | NudgeTenantsClientScopeOptions
  | NudgeTenantsUserScopeOptions;

/**
 * The interface that the class of `useClass` or `useExisting` implements.
 *
 * @publicApi
 */
export interface NudgeAuthOptionsFactory {
  createNudgeAuthOptions(): NudgeAuthOptions | Promise<NudgeAuthOptions>;
}

const KEY_CURE =
  'set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)';

/** @internal */
export const API_KEY_IS_MISSING = `is missing: ${KEY_CURE}`;

const TOKEN_STORE_METHODS = ['read', 'acquire', 'invalidate', 'untilChanged', 'close'] as const;

function isTokenStore(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    TOKEN_STORE_METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}

/** @internal */
export const nudgeAuthOptions = {
  apiKey: fromEnvironment(
    'NUDGE_API_KEY',
    'key',
    // Whether the key may be missing depends on `tenants`: a rule between the two options checks that.
    v.optional(apiKey({ missing: API_KEY_IS_MISSING, empty: `is empty: ${KEY_CURE}` })),
  ),
  fallbackApiKey: fromEnvironment(
    'NUDGE_FALLBACK_API_KEY',
    'key',
    v.optional(
      apiKey({
        missing: 'must be a string, or a function that returns one',
        empty: 'is empty: leave it out where there is no second key (environment: NUDGE_FALLBACK_API_KEY)',
      }),
    ),
  ),
  defaultExpiryMins: fromEnvironment(
    'NUDGE_DEFAULT_EXPIRY_MINS',
    'number',
    v.optional(
      wholeNumber({
        min: MIN_EXPIRY_MINS,
        max: MAX_EXPIRY_MINS,
        unit: 'minutes',
        hint: ' (environment: NUDGE_DEFAULT_EXPIRY_MINS)',
      }),
      DEFAULT_EXPIRY_MINS,
    ),
  ),
  baseUrl: fromEnvironment(
    'NUDGE_BASE_URL',
    'text',
    v.optional(baseUrl, 'https://main-api.nudgenow.com/api'),
  ),
  allowInsecureBaseUrl: fromEnvironment('NUDGE_ALLOW_INSECURE_BASE_URL', 'flag', v.optional(flag())),
  scope: v.optional(v.picklist(['client', 'user'], "must be 'client' or 'user'"), 'client'),
  // Whether it is required depends on the scope: a rule between the two options checks that.
  extId: v.optional(v.custom<NudgeAuthOptions['extId']>(() => true)),
  cache: v.optional(falseOr(cacheSchema), {}),
  warmUp: v.optional(
    falseOr(v.picklist(['background', 'required'], "must be false, 'background' or 'required'")),
    false,
  ),
  budget: v.optional(optionsOf(budgetOptions), {}),
  http: v.optional(optionsOf(httpOptions), {}),
  userJwt: v.optional(userJwtSchema),
  store: v.optional(
    v.custom<TokenStore>(isTokenStore, 'must be a TokenStore: an object that implements its whole contract'),
  ),
  audit: v.optional(optionsOf(auditOptions)),
  tenants: v.optional(optionsOf(tenantsOptions)),
  enabled: v.optional(functionThat<() => boolean>('returns true or false')),
} satisfies Declarations<NudgeAuthOptions>;
