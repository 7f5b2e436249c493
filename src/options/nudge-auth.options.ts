import * as v from 'valibot';
import type { TokenStore } from '../store/token-store.js';
import { apiKey, type ApiKeyOption } from './api-key-rule.js';
import { auditOptions, type NudgeAuditOptions } from './audit.options.js';
import { baseUrl } from './base-url-rule.js';
import { budgetOptions, type NudgeBudgetOptions } from './budget.options.js';
import { cacheSchema, type NudgeCacheOptions } from './cache.options.js';
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

/** The vendor's own default, always sent explicitly because its two pages disagree on whether it may be left out. */
export const DEFAULT_EXPIRY_MINS = 60;
export const MIN_EXPIRY_MINS = 30;
export const MAX_EXPIRY_MINS = 1440;
export const MAX_EXT_ID_LENGTH = 100;

/** One account at Nudge, whose key is known or can be asked for. */
interface OneAccount {
  /**
   * The PRIVATE key from the settings of the Nudge dashboard, or a function that is asked for it before every call to
   * Nudge. Required, except with `tenants`.
   *
   * @see docs/api-keys.md
   */
  apiKey: ApiKeyOption;
  /** Used while the first key is refused (401 or 403), with a warning. */
  fallbackApiKey?: ApiKeyOption;
  /**
   * Whether the first token is fetched at boot. `'required'` fails the boot, after 5 s at most, only when Nudge itself
   * refuses every key. Default `false`.
   */
  warmUp?: false | 'background' | 'required';
  tenants?: undefined;
}

/** An account at Nudge for each tenant: none belongs to the registration itself. */
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
  /** Minutes a token lives, 30 to 1440. Default 60. */
  defaultExpiryMins?: number;
  /** Nudge's API. https, except on loopback. Default `https://main-api.nudgenow.com/api`. */
  baseUrl?: string;
  /** `true` allows plain http to any host, with a warning: for service meshes and containers. Default `false`. */
  allowInsecureBaseUrl?: boolean;
  /**
   * How tokens are held; `false` fetches one for every call, though concurrent calls share one. Default `{}`.
   *
   * @see docs/token-life.md
   */
  cache?: NudgeCacheOptions | false;
  /** How many calls Nudge gets from here. Default `{}`. */
  budget?: NudgeBudgetOptions;
  /** How Nudge is called. Default `{}`. */
  http?: NudgeHttpOptions;
  /**
   * Lets the module verify its users' JWTs by itself. Default: the host's own `'jwt'` strategy guards.
   *
   * @see docs/guards.md
   */
  userJwt?: UserJwtOptions;
  /**
   * Where tokens are shared between processes, such as a `RedisTokenStore`. Default: nowhere, each process holds its own.
   *
   * @see docs/fleet.md
   */
  store?: TokenStore;
  /**
   * Tells a function of the host's of every token that the endpoint hands to a user. Default: no function is told.
   *
   * @see docs/audit.md
   */
  audit?: NudgeAuditOptions;
  /**
   * A kill switch, asked for every call: `false` answers `NUDGE_DISABLED` and sends nothing. Default `() => true`.
   */
  enabled?: () => boolean;
}

interface ClientScope {
  scope?: 'client';
  extId?: undefined;
}

interface UserScope {
  /**
   * `'client'`: one token serves every user, so every user holds the same one. `'user'`: every user gets a token of
   * their own, bound to `extId`. Default `'client'`.
   *
   * @see docs/scopes.md
   */
  scope: 'user';
  /**
   * The external id, 1 to 100 characters, of the user for whom the endpoint fetches a token. Take it from the verified
   * user, never from what the request says of itself. Required in scope `'user'`.
   */
  extId(user: unknown, request: unknown): string | Promise<string>;
}

/**
 * One token serves every user: each of them then holds the same bearer token.
 *
 * @publicApi
 */
export interface NudgeClientScopeOptions extends NudgeAuthCommonOptions, OneAccount, ClientScope {}

/**
 * Every user gets a token of their own, bound to their external id at Nudge.
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
 * Many accounts; every user of a tenant gets a token of their own.
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
 * What `useClass` and `useExisting` must implement.
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
    // That it is missing is a matter between it and `tenants`.
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
  // Its rule depends on the scope.
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
  enabled: v.optional(functionThat<() => boolean>('returns true or false'), () => () => true),
} satisfies Declarations<NudgeAuthOptions>;
