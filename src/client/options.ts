import type { RefreshTokenClock } from './clock.js';
import type { AppStateLike, FetchCredentials, FetchLike } from './host.js';

/**
 * Request headers by name, with the credential of the app's user. A plain object, not a `Headers`.
 *
 * @publicApi
 */
export type RefreshTokenHeaders = Readonly<Record<string, string>>;

/**
 * Returns the headers of a request, and so says which user is signed in. The client calls it once per `refreshToken()`,
 * also when it holds a token, and before it fetches ahead. Calls of `refreshToken()` at the same time share one call of
 * this function. `null` or `undefined` means that the user is signed out: the client sends no request, forgets the held
 * token and returns `null`. If this function throws or takes too long, the client returns `null`, too, but it keeps the
 * token.
 *
 * `why` is `'unauthorized'` when the endpoint has just refused the last headers (401 or 403): renew the app's access
 * token, and return the new headers. The client does this at most once per fetch. If there is no new access token,
 * return `null` or throw.
 *
 * @publicApi
 */
export type RefreshTokenHeadersFunction = (
  why?: 'unauthorized',
) => RefreshTokenHeaders | null | undefined | Promise<RefreshTokenHeaders | null | undefined>;

/**
 * Why a fetch brought no token. `headers`: the function `headers` or `identity` threw. `network`: no answer came.
 * `timeout`: `headers` or the fetch took too long. `unauthorized`: the endpoint answered 401 or 403, also to renewed
 * headers if the app had any. `status`: the endpoint answered another error status. `malformed`: the body was not
 * `{ token, expiresIn }`.
 *
 * @publicApi
 */
export type RefreshTokenFailureType =
  'headers' | 'network' | 'timeout' | 'unauthorized' | 'status' | 'malformed';

/**
 * The result of a fetch with its retry, or the reason why the fetch did not begin: for a log or a metric. Never holds a
 * token, a header or a URL.
 *
 * @publicApi
 */
export interface RefreshTokenEvent {
  /** `'token'` if the fetch brought a token, else the reason why it did not. */
  readonly type: 'token' | RefreshTokenFailureType;
  /** The last HTTP status; 0 if no answer came. */
  readonly status: number;
  /** Whole milliseconds for which the client now sends no request; 0 after a success, and if a pause was already running. */
  readonly pauseMs: number;
}

/**
 * How to reach the app's token endpoint.
 *
 * @publicApi
 */
export interface RefreshTokenOptions {
  /**
   * Path or URL of the endpoint that `nestjs-nudge-auth` serves, such as `'/nudge/token'`; React Native needs a full
   * URL.
   */
  readonly endpoint: string;
  /** The headers of every request, or a function that returns them. Default: none, for apps that use cookies. */
  readonly headers?: RefreshTokenHeaders | RefreshTokenHeadersFunction;
  /**
   * Returns a name for the signed-in user; only this user gets a held token. `null`, `undefined` or `''` means that the
   * user is signed out. The client calls this function often, so it must be fast. Default: the `iss` and `sub` of a JWT
   * in the `Authorization` header, else the text of that header. Set it if access tokens are not JWTs, if users sign in
   * with cookies, if a user may change the tenant, and on React Native before 0.74.
   */
  readonly identity?: () => string | null | undefined;
  /** Sends the requests. Default: the global `fetch` at the moment of each request. */
  readonly fetch?: FetchLike;
  /** Whether requests carry cookies. Default: the platform's default, which is `'same-origin'` in browsers. */
  readonly credentials?: FetchCredentials;
  /**
   * Milliseconds that a call takes at most, with `headers` and the retry: above 0, at most 9000. Default: 9000. After a
   * call has ended, its `headers` and its fetch go on for at most this time each, for later calls.
   */
  readonly timeoutMs?: number;
  /**
   * React Native's `AppState`: with it, the client does not fetch ahead in the background. Leave it out in browsers.
   */
  readonly appState?: AppStateLike;
  /** Gets the result of each fetch. The client ignores what this function throws; it must not be `async`. */
  readonly onEvent?: (event: RefreshTokenEvent) => void;
  /** For tests: the source of time. Default: the global object. */
  readonly clock?: RefreshTokenClock;
  /** For tests: the source of randomness, uniform in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** Throws a `TypeError` unless `kinds` names the type of `value`. Refuses `''`, 0, and numbers outside 0 to 9000. */
export const checkOption = (name: string, kinds: string, value: unknown): void => {
  if (!kinds.includes(typeof value) || (value as number) <= 0 || (value as number) > 9_000) {
    throw new TypeError(`createRefreshToken: ${name} must be ${kinds}`);
  }
};
