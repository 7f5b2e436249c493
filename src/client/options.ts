import type { RefreshTokenClock } from './clock.js';
import type { AppStateLike, FetchCredentials, FetchLike } from './host.js';

/**
 * Request headers by name, with the app's own credential, such as `Authorization`: a plain object, not a `Headers`.
 *
 * @publicApi
 */
export type RefreshTokenHeaders = Readonly<Record<string, string>>;

/**
 * Gives the headers of a request, and so says which user is signed in. The client asks it once per `refreshToken()`,
 * also when it holds a token, and before a fetch ahead; calls at the same time share one question. `null` or `undefined`
 * says that the user is signed out: the client sends nothing, forgets the held token and answers `null`. If this function
 * throws or takes too long, the answer is `null` too, but the client keeps the token.
 *
 * `why` is `'unauthorized'` when the endpoint has just refused the headers given before (401 or 403): renew the app's
 * own access token, and return the new headers. The client asks so once per fetch at most; without a new access token,
 * return `null` or throw.
 *
 * @publicApi
 */
export type RefreshTokenHeadersFunction = (
  why?: 'unauthorized',
) => RefreshTokenHeaders | null | undefined | Promise<RefreshTokenHeaders | null | undefined>;

/**
 * Why there was no token: `headers` or `identity` threw, the request got no answer, it took too long, the endpoint
 * answered 401 or 403 (twice, if `headers` could be asked again), it answered another failing status, or the body was
 * not `{ token, expiresIn }`.
 *
 * @publicApi
 */
export type RefreshTokenFailureType =
  'headers' | 'network' | 'timeout' | 'unauthorized' | 'status' | 'malformed';

/**
 * Says how a fetch ended, with its retry, or why it did not begin: for a log or a metric. Never holds a token, a header
 * or a URL.
 *
 * @publicApi
 */
export interface RefreshTokenEvent {
  /** `'token'` if the fetch brought one, else the reason why not. */
  readonly type: 'token' | RefreshTokenFailureType;
  /** The last HTTP status, 0 if there was no answer at all. */
  readonly status: number;
  /** Milliseconds for which the client then sends nothing; 0 if the failure adds none to a running pause. */
  readonly pauseMs: number;
}

/**
 * How to reach the app's token endpoint.
 *
 * @publicApi
 */
export interface RefreshTokenOptions {
  /** Path or URL of the endpoint that `nestjs-nudge-auth` serves, such as `'/nudge/token'`; React Native needs a full URL. */
  readonly endpoint: string;
  /** The headers of every request, or a function that gives them. Default: none, for hosts that use cookies. */
  readonly headers?: RefreshTokenHeaders | RefreshTokenHeadersFunction;
  /**
   * Names the signed-in user; only this user gets a held token. `null`, `undefined` or `''` says that the user is signed
   * out. The client calls it often, so let it be quick. Default: the `iss` and `sub` of a JWT in the `Authorization`
   * header, else that header's text. Give it where access tokens are no JWTs, where cookies sign in, where one user may
   * change the tenant, and on React Native before 0.74.
   */
  readonly identity?: () => string | null | undefined;
  /** Sends the requests. Default: the global `fetch`, looked up at each request. */
  readonly fetch?: FetchLike;
  /** When requests carry cookies. Default: the platform's own, which is `'same-origin'` in browsers. */
  readonly credentials?: FetchCredentials;
  /**
   * The most milliseconds that a call takes in all, with headers and retry: above 0, at most 9000, the default. `headers`
   * and a fetch may take as long each, for the calls that come later.
   */
  readonly timeoutMs?: number;
  /** React Native's `AppState`: the client then fetches nothing ahead in the background. Leave it out in browsers. */
  readonly appState?: AppStateLike;
  /** Hears how each fetch ended. The client ignores what it throws; it must not be `async`. */
  readonly onEvent?: (event: RefreshTokenEvent) => void;
  /** For tests: the source of time. Default: the global object. */
  readonly clock?: RefreshTokenClock;
  /** For tests: the source of chance, uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/** Throws a `TypeError` unless `kinds` names the type of `value`; an empty text, 0, less and above 9000 are wrong too. */
export const checkOption = (name: string, kinds: string, value: unknown): void => {
  if (!kinds.includes(typeof value) || (value as number) <= 0 || (value as number) > 9_000) {
    throw new TypeError(`createRefreshToken: ${name} must be ${kinds}`);
  }
};
