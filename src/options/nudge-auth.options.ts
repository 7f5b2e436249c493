import type { KeyObject } from 'node:crypto';
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { AxiosProxyConfig } from 'axios';
import type { TokenStore } from '../store/token-store.js';
import type { NudgeTenantsOptions } from './tenants.options.js';

/** The vendor's documented host; the path of the token call is added to it. */
export const DEFAULT_BASE_URL = 'https://main-api.nudgenow.com/api';
/** The vendor's own default, always sent explicitly because its two pages disagree on whether it may be left out. */
export const DEFAULT_EXPIRY_MINS = 60;
export const MIN_EXPIRY_MINS = 30;
export const MAX_EXPIRY_MINS = 1440;
export const MAX_EXT_ID_LENGTH = 100;
export const DEFAULT_MAX_WAIT_MS = 500;
export const DEFAULT_MAX_ENTRIES = 10_000;
export const DEFAULT_CALLS_PER_MINUTE = 1_000;
export const DEFAULT_TIMEOUT_MS = 3_000;
export const DEFAULT_DEADLINE_MS = 7_000;
/** No attempt starts with less than half a second left, so a shorter deadline would allow none. */
export const MIN_DEADLINE_MS = 1_000;
/** The vendor's Swift sample gives up after ten seconds: an answer, good or bad, must be there before. */
export const MAX_DEADLINE_MS = 9_000;
export const DEFAULT_MAX_RETRIES = 2;
export const DEFAULT_REMEMBER_FOR_MS = 30_000;

/** An API key, or a function that is asked for it before every call to Nudge, so that keys rotate without a restart. */
export type ApiKeyOption = string | (() => string | Promise<string>);

/** How held tokens are kept and renewed. */
export interface NudgeCacheOptions {
  /**
   * Milliseconds after which a held token is replaced behind the caller's back. At least 1000; never later than a
   * quarter of the token's life (client scope) or half of it (user scope). Default: 60 s in client scope, half the
   * life in user scope.
   */
  rotateAfterMs?: number;
  /**
   * Milliseconds that a token handed out has left to live at the least; never more than a tenth of its lifetime.
   * Default: 60 s.
   */
  minRemainingMs?: number;
  /** Milliseconds a caller waits for a renewal while the held token is still good, 0 to 5000. Default 500. */
  maxWaitMs?: number;
  /** Users whose tokens are held at once in user scope; the least recently used goes first. Default 10000. */
  maxEntries?: number;
}

/** How many calls Nudge gets from here. */
export interface NudgeBudgetOptions {
  /**
   * Calls to Nudge in a minute, 1 to 1200 (the vendor's limit per IP address). Per fleet with a shared store, else per
   * process: divide it by the number of processes behind one address. Default 1000.
   */
  callsPerMinute?: number;
}

/** How a server is reached from here. */
export interface NudgeConnectionOptions {
  /**
   * The proxy to call through; `false` also ignores `HTTPS_PROXY`. Default: the environment's proxy, if any.
   * A loopback URL is always called directly.
   */
  proxy?: AxiosProxyConfig | false;
  /** Agent for a plain-http URL. */
  httpAgent?: HttpAgent;
  /**
   * Agent for an https URL: private certificate authorities, client certificates. Default: one that verifies every
   * certificate, whatever `NODE_TLS_REJECT_UNAUTHORIZED` says.
   */
  httpsAgent?: HttpsAgent;
}

/** How Nudge is called. */
export interface NudgeHttpOptions extends NudgeConnectionOptions {
  /** Milliseconds one attempt may take, 100 to 9000. Default 3000. */
  timeoutMs?: number;
  /** Milliseconds a caller waits for a token at most, all attempts and queues included, 1000 to 9000. Default 7000. */
  deadlineMs?: number;
  /** Further attempts after a network fault or a 5xx, 0 to 5. Default 2. */
  maxRetries?: number;
}

/** Algorithms that a user's JWT may be signed with. */
export const USER_JWT_ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;
export type UserJwtAlgorithm = (typeof USER_JWT_ALGORITHMS)[number];

interface UserJwtRules {
  /** The algorithms accepted, at least one. Pinned here, never taken from the JWT. */
  algorithms: readonly UserJwtAlgorithm[];
  /** The `iss` that a JWT must have, or a list of which one must match. */
  issuer?: string | readonly string[];
  /** The `aud` that a JWT must have, or a list of which one must match. */
  audience?: string | readonly string[];
  /**
   * Milliseconds by which the issuer's clock and this machine's may differ: how long before its `nbf` and after its
   * `exp` a JWT is good. 0 to 60000, default 0.
   */
  clockToleranceMs?: number;
  /**
   * Milliseconds for which a JWT that was found good is remembered, and so not verified again, never beyond its `exp`.
   * 0 to 300000, 0 verifies every time. Default 30000.
   */
  rememberForMs?: number;
  /** Whether a user whose JWT is good shall be refused all the same. Asked for every request. */
  isRevoked?(payload: UserJwtPayload): boolean | Promise<boolean>;
  /**
   * Registers the verifier in passport under this name while the application runs, for `AuthGuard(name)` on the host's own
   * routes. Default: nothing is registered; `NudgeUserGuard` needs no name. passport is one per process: a name that is
   * taken stops the boot.
   */
  strategyName?: string;
}

/** The verified claims of a user's JWT: what `request.user` holds behind the default guard. */
export type UserJwtPayload = Readonly<Record<string, unknown>>;

/** How the signed-in user's own JWT is verified: by one shared secret, one public key, or the issuer's JWKS. */
export type UserJwtOptions = UserJwtRules &
  (
    | {
        /** The HMAC secret, or a list of them while they rotate: at least 32 bytes for HS256, 48 for HS384, 64 for HS512. */
        secret: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        /** `true` accepts a shorter secret, with a warning: for tests. Default `false`. */
        allowWeakSecret?: boolean;
        publicKey?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** The issuer's public key as PEM or `KeyObject`, RSA of 2048 bits at least, or a list of them while they rotate. */
        publicKey: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        allowWeakSecret?: undefined;
        secret?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** Where the issuer publishes its keys; https, or http on loopback. */
        jwksUri: string;
        /** `true` allows a plain-http `jwksUri` on any host, with a warning: for service meshes. Default `false`. */
        allowInsecureJwksUri?: boolean;
        /** How the issuer is reached. What is left out is as in the module's `http`. */
        http?: NudgeConnectionOptions;
        allowWeakSecret?: undefined;
        secret?: undefined;
        publicKey?: undefined;
      }
  );

interface NudgeAuthCommonOptions {
  /** Minutes a token lives, 30 to 1440. Default 60. */
  defaultExpiryMins?: number;
  /** Nudge's API. https, except on loopback. Default `https://main-api.nudgenow.com/api`. */
  baseUrl?: string;
  /** `true` allows plain http to any host, with a warning: for service meshes and containers. Default `false`. */
  allowInsecureBaseUrl?: boolean;
  /** How tokens are held; `false` fetches one for every call, though concurrent calls share one. */
  cache?: NudgeCacheOptions | false;
  budget?: NudgeBudgetOptions;
  http?: NudgeHttpOptions;
  /** Lets the module verify its users' JWTs by itself. Left out, the host's own `'jwt'` strategy guards. */
  userJwt?: UserJwtOptions;
  /** Where tokens are shared between processes. Default: nowhere, each process holds its own. */
  store?: TokenStore;
  /** A kill switch, asked for every call: `false` answers `NUDGE_DISABLED` and sends nothing. */
  enabled?: () => boolean;
}

/** One account at Nudge, whose key is known or can be asked for. */
interface OneAccount {
  /** The PRIVATE key from the settings of the Nudge dashboard. */
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
  /** Whose account a user's token is fetched from. */
  tenants: NudgeTenantsOptions;
  apiKey?: undefined;
  fallbackApiKey?: undefined;
  warmUp?: undefined;
}

interface ClientScope {
  scope?: 'client';
  extId?: undefined;
}

interface UserScope {
  scope: 'user';
  /**
   * The external id, 1 to 100 characters, of the user for whom the endpoint fetches a token. Take it from the verified
   * user, never from what the request says of itself.
   */
  extId(user: unknown, request: unknown): string | Promise<string>;
}

/** One token serves every user: each of them then holds the same bearer token. */
export interface NudgeClientScopeOptions extends NudgeAuthCommonOptions, OneAccount, ClientScope {}

/** Every user gets a token of their own, bound to their external id at Nudge. */
export interface NudgeUserScopeOptions extends NudgeAuthCommonOptions, OneAccount, UserScope {}

/** Many accounts; one token serves every user of a tenant. */
export interface NudgeTenantsClientScopeOptions
  extends NudgeAuthCommonOptions, AccountPerTenant, ClientScope {}

/** Many accounts; every user of a tenant gets a token of their own. */
export interface NudgeTenantsUserScopeOptions extends NudgeAuthCommonOptions, AccountPerTenant, UserScope {}

/** The options that `forRoot` takes and a `forRootAsync` factory returns. */
export type NudgeAuthOptions =
  | NudgeClientScopeOptions
  | NudgeUserScopeOptions
  | NudgeTenantsClientScopeOptions
  | NudgeTenantsUserScopeOptions;

/** What `useClass` and `useExisting` must implement. */
export interface NudgeAuthOptionsFactory {
  createNudgeAuthOptions(): NudgeAuthOptions | Promise<NudgeAuthOptions>;
}
