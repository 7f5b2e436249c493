import { ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { append as appendToVary } from 'vary';
import type { Random } from '../common/clock.js';
import type { NudgeAuthError, NudgeAuthErrorCode } from '../common/errors.js';
import { toHttpException, type NudgeHttpException } from './nudge-http.exception.js';

/** The parts of Fastify's reply that this file uses. */
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
  // The first test is fast: it saves Express a search through all prototypes.
  return !(response instanceof ServerResponse) && 'raw' in response;
}

type Headers = readonly (readonly [name: string, value: string])[];

/** Sets several headers, and checks only once which adapter the response belongs to. */
export function setHeaders(response: HttpResponse, headers: Headers): void {
  if (isFastifyReply(response)) for (const [name, value] of headers) response.header(name, value);
  else for (const [name, value] of headers) response.setHeader(name, value);
}

/** The request headers that may change the answer: a cache must make each of them part of its key. */
const VARIES_WITH = ['Authorization', 'Accept', 'Cookie'] as const;

const NO_STORE = 'private, no-store';

/** The names are in lower case, as Fastify stores them: Fastify then need not convert them for every request. */
function uncached(varyBefore: string): Headers {
  return [
    ['cache-control', NO_STORE],
    ['x-content-type-options', 'nosniff'],
    // Appends, because CORS may have set `Vary: Origin` before.
    ['vary', appendToVary(varyBefore, [...VARIES_WITH])],
  ];
}

const UNCACHED = uncached('');
/** The headers for each earlier value of `Vary`: an application has only a few such values. */
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
 * Tells caches not to store this response: it holds a token, or an answer that replaces the token.
 *
 * @see RFC 9111 §5.2.2
 */
export function forbidCaching(response: HttpResponse): void {
  const vary = response.getHeader('vary');
  setHeaders(response, vary === undefined ? UNCACHED : uncachedHeaders(String(vary)));
}

/** Whether the response still has these headers: the host application may have overwritten them since. */
export function isCachingForbidden(response: HttpResponse): boolean {
  return (
    response.getHeader('cache-control') === NO_STORE &&
    String(response.getHeader('vary')).includes(VARIES_WITH[0])
  );
}

type WriteHead = (this: ServerResponse, ...head: unknown[]) => ServerResponse;

/** The `writeHead` that middleware has set on this one response. */
const earlierWriteHead = Symbol('nudge-auth: earlier writeHead');

interface Patched extends ServerResponse {
  [earlierWriteHead]?: WriteHead;
}

const ETAG = 'etag';

const CACHE_CONTROL = 'cache-control';

/** After the answer was prepared, a hook of the host may have set an ETag and a Cache-Control, as it does for all answers. */
function keepUncached(headers: OutgoingHttpHeaders): void {
  removeEtag(headers);
  // Fastify stores the names in lower case.
  if (headers[CACHE_CONTROL] !== undefined) headers[CACHE_CONTROL] = NO_STORE;
}

function removeEtag(headers: OutgoingHttpHeaders): void {
  for (const name of Object.keys(headers)) {
    if (name.length === ETAG.length && name.toLowerCase() === ETAG) Reflect.deleteProperty(headers, name);
  }
}

/** One function serves all responses: a closure for each response would cost more than the work itself. */
function writeUncachedHead(this: Patched, ...head: unknown[]): ServerResponse {
  if (this.hasHeader(ETAG)) this.removeHeader(ETAG);
  for (const part of head) {
    if (typeof part === 'object' && part !== null) keepUncached(part as OutgoingHttpHeaders);
  }
  const writeHead =
    this[earlierWriteHead] ?? (Reflect.get(Object.getPrototypeOf(this), 'writeHead') as WriteHead);
  return writeHead.apply(this, head);
}

/** A framework may answer a request that has these headers with "304 Not Modified" and no body. */
const CONDITIONS = ['if-none-match', 'if-modified-since'] as const;

/**
 * Removes the ETag from an answer that the framework writes: the ETag would be the digest of a token. On Fastify it also
 * keeps the ban on storing the answer.
 */
export function forbidEtag(response: HttpResponse): void {
  const raw: Patched = isFastifyReply(response) ? response.raw : response;
  const { writeHead } = raw as unknown as { writeHead: WriteHead };
  if (writeHead === writeUncachedHead) return;
  // Adapters and plugins add the ETag last, just before they write the head.
  if (Object.hasOwn(raw, 'writeHead')) raw[earlierWriteHead] = writeHead;
  raw.writeHead = writeUncachedHead;
  const { headers } = raw.req;
  for (const condition of CONDITIONS) {
    if (headers[condition] !== undefined) Reflect.deleteProperty(headers, condition);
  }
}

/** Returns the exception to throw for a failure. Sets its headers on the response now: any filter may write the body. */
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
