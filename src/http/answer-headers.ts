import { ServerResponse } from 'node:http';
import { append as appendToVary } from 'vary';
import type { Random } from '../common/clock.js';
import type { NudgeAuthError, NudgeAuthErrorCode } from '../common/errors.js';
import { toHttpException, type NudgeHttpException } from './nudge-http.exception.js';

/** What Fastify hands to a handler, as far as it is needed here. */
interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  header(name: string, value: string): unknown;
  getHeader(name: string): number | string | string[] | undefined;
  send(body?: unknown): unknown;
}

/** The response of either adapter. */
export type HttpResponse = ServerResponse | FastifyReplyLike;

export function isFastifyReply(response: HttpResponse): response is FastifyReplyLike {
  // The first test is the quick one: it spares Express a search through all prototypes.
  return !(response instanceof ServerResponse) && 'raw' in response;
}

type Headers = readonly (readonly [name: string, value: string])[];

/** Sets several headers at once: it finds out only once which adapter it is. */
export function setHeaders(response: HttpResponse, headers: Headers): void {
  if (isFastifyReply(response)) for (const [name, value] of headers) response.header(name, value);
  else for (const [name, value] of headers) response.setHeader(name, value);
}

/** The request headers that may change the answer: each must be part of a cache's key. */
const VARIES_WITH = ['Authorization', 'Accept', 'Cookie'] as const;

const NO_STORE = 'private, no-store';

/** The names are lower-case, as Fastify keeps them: it then need not convert them for every request. */
function uncached(varyBefore: string): Headers {
  return [
    ['cache-control', NO_STORE],
    ['x-content-type-options', 'nosniff'],
    // Appended: CORS has put its `Origin` here before.
    ['vary', appendToVary(varyBefore, [...VARIES_WITH])],
  ];
}

const UNCACHED = uncached('');
/** By the `Vary` that stood there before: the same few values come with every request. */
const uncachedAfter = new Map<string, Headers>();
const MAX_VARIATIONS = 100;

function uncachedHeaders(varyBefore: string): Headers {
  const known = uncachedAfter.get(varyBefore);
  if (known !== undefined) return known;
  const headers = uncached(varyBefore);
  if (uncachedAfter.size < MAX_VARIATIONS) uncachedAfter.set(varyBefore, headers);
  return headers;
}

/**
 * Tells caches not to store this response: it holds a token, or stands in the place of one.
 *
 * @see RFC 9111 §5.2.2
 */
export function forbidCaching(response: HttpResponse): void {
  const vary = response.getHeader('vary');
  setHeaders(response, vary === undefined ? UNCACHED : uncachedHeaders(String(vary)));
}

/** Whether a response is marked still: the host may have set headers of its own since. */
export function isCachingForbidden(response: HttpResponse): boolean {
  return (
    response.getHeader('cache-control') === NO_STORE &&
    String(response.getHeader('vary')).includes(VARIES_WITH[0])
  );
}

/** The exception to throw for a failure; its headers are on the response already, whatever filter writes the body. */
export function failWith(
  error: NudgeAuthError,
  response: HttpResponse,
  random: Random,
  errorStatus?: (code: NudgeAuthErrorCode) => number | undefined,
): NudgeHttpException {
  const exception = toHttpException(error, random, errorStatus);
  setHeaders(response, Object.entries(exception.headers()));
  return exception;
}
