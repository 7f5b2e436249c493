import { NudgeAuthError } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import { retryAfterMs } from './retry-after.js';
import { TransientFailure, type TokenRequest } from './token-source.js';

const TOKEN_PATH = '/clients/jwt/token';

/**
 * Encodes all but the unreserved characters. A space becomes `%20` and not `+`, because only forms use `+` for a space
 * and a server may read it as a plus sign.
 *
 * @see RFC 3986 §2.3
 */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The URL of a call for a token.
 *
 * @param baseUrl without a trailing slash.
 */
function tokenUrl(baseUrl: string, { expiryMins, extId }: TokenRequest): string {
  const url = `${baseUrl}${TOKEN_PATH}?expiryMins=${expiryMins}`;
  return extId === undefined ? url : `${url}&extId=${percentEncode(extId)}`;
}

/** The headers of an answer that are used. HTTP allows each of them only once. */
const HEADERS = ['content-type', 'retry-after', 'date', 'age'] as const;

interface TokenCallConfig {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** Sends a GET with axios. Resolves for every status. */
export type HttpGet = (
  url: string,
  config: TokenCallConfig,
) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: string;
}>;

/** An HTTP answer of the vendor, or of a proxy in between. */
export interface HttpAnswer {
  readonly status: number;
  /** Names are in lower case. Only headers that HTTP allows once are here. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface TokenCall {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly request: TokenRequest;
  readonly apiKey: Secret;
  readonly signal: AbortSignal;
}

/**
 * Makes one call to Nudge's token API. This is the only place where an API key is revealed.
 *
 * @throws the error of `get`. It may hold the key, so the caller must pass it to `failureOfTransport` and nowhere else.
 */
export async function sendTokenCall(
  get: HttpGet,
  { baseUrl, request, apiKey, signal }: TokenCall,
): Promise<HttpAnswer> {
  const response = await get(tokenUrl(baseUrl, request), {
    headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth', apikey: apiKey.reveal() },
    signal,
  });
  const headers = Object.fromEntries(
    HEADERS.map((name) => {
      const value: unknown = response.headers[name];
      return [name, typeof value === 'string' ? value : undefined];
    }),
  );
  return { status: response.status, headers, body: response.data };
}

/** The JSON object in an answer; `undefined` if the answer holds anything else. */
export function jsonObjectOf(answer: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  const type = answer.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\b/i.test(type)) return undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    // The body is not JSON. The caller reports it and does not quote the body, which may hold a secret.
    return undefined;
  }
}

const ASK_THE_VENDOR =
  'is it the PRIVATE key of this account (not a public one), and has Nudge enabled short-lived tokens for it?';

/** The failure behind a 401, 403 or 407. A 407 always comes from a proxy. */
function refusal(answer: HttpAnswer): NudgeAuthError {
  const isFromVendor = answer.status !== 407 && typeof jsonObjectOf(answer)?.['message'] === 'string';
  return isFromVendor
    ? new NudgeAuthError(
        'NUDGE_CREDENTIALS_REJECTED',
        `Nudge refuses the API key (status ${answer.status}): ${ASK_THE_VENDOR}`,
      )
    : new NudgeAuthError(
        'NUDGE_UNAVAILABLE',
        `Something between here and Nudge (a proxy, a firewall) answered with status ${answer.status} in its place`,
      );
}

/** Why an answer holds no token. The error never quotes the answer, because a body may repeat what was sent. */
function failureOf(answer: HttpAnswer, nowMs: number): NudgeAuthError {
  const { status } = answer;
  const details = { retryAfterMs: retryAfterMs(answer.headers['retry-after'], nowMs) };
  if (status === 401 || status === 403 || status === 407) return refusal(answer);
  if (status === 429) {
    return new NudgeAuthError(
      'NUDGE_RATE_LIMITED',
      'Nudge answered 429: too many calls from this address',
      details,
    );
  }
  if (status >= 500 || status === 408) {
    return new TransientFailure('NUDGE_UNAVAILABLE', `Nudge answered with status ${status}`, {
      ...details,
      isAnswered: true,
    });
  }
  const reason =
    status === 400
      ? 'Nudge refuses the parameters (status 400): check defaultExpiryMins and, in user scope, the extId'
      : status >= 300 && status < 400
        ? `Nudge redirects (status ${status}), which is never followed, because it would send the API key elsewhere: check baseUrl`
        : `Nudge answered with status ${status}, which its documentation does not name: check baseUrl`;
  return new NudgeAuthError('NUDGE_BAD_RESPONSE', reason);
}

/**
 * The token in an answer.
 *
 * @throws {NudgeAuthError} when there is no token. The code and the message say why.
 */
export function parseAnswer(answer: HttpAnswer, nowMs: number): string {
  if (answer.status !== 200) throw failureOf(answer, nowMs);
  const token = jsonObjectOf(answer)?.['token'];
  if (typeof token === 'string') return token;
  throw new NudgeAuthError(
    'NUDGE_BAD_RESPONSE',
    'Nudge answered 200, but not with {"token": "…"} as JSON: check baseUrl and any proxy between here and Nudge',
  );
}
