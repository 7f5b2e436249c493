import type { ServerResponse } from 'node:http';
import { append as appendToVary } from 'vary';
import type { Random } from '../common/clock.js';
import type { NudgeAuthError, NudgeAuthErrorCode } from '../common/errors.js';
import { toHttpException, type NudgeHttpException } from './nudge-http.exception.js';

/** What Fastify hands to a handler, as far as it is needed here. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  header(name: string, value: string): unknown;
  getHeader(name: string): number | string | string[] | undefined;
  send(body: string): unknown;
}

/** The response of either adapter. */
export type HttpResponse = ServerResponse | FastifyReplyLike;

export function isFastifyReply(response: HttpResponse): response is FastifyReplyLike {
  return 'raw' in response;
}

type Headers = readonly (readonly [name: string, value: string])[];

/** Several at once: which adapter it is need be found out once only. */
export function setHeaders(response: HttpResponse, headers: Headers): void {
  if (isFastifyReply(response)) for (const [name, value] of headers) response.header(name, value);
  else for (const [name, value] of headers) response.setHeader(name, value);
}

/** What may change the answer, and so must be part of every cache's key. */
const VARIES_WITH = ['Authorization', 'Accept', 'Cookie'];

/** In the case that Fastify keeps them in: it need not look for a lower one at every request. */
function uncached(varyBefore: string): Headers {
  return [
    ['cache-control', 'private, no-store'],
    ['x-content-type-options', 'nosniff'],
    // Appended: CORS has put its `Origin` here before.
    ['vary', appendToVary(varyBefore, VARIES_WITH)],
  ];
}

const UNCACHED = uncached('');
/** What stood before us is the same few values at every request. */
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
 * Marks a response as one that nobody may keep: tokens, and everything said in their place.
 *
 * @see RFC 9111 §5.2.2
 */
export function forbidCaching(response: HttpResponse): void {
  const vary = response.getHeader('vary');
  setHeaders(response, vary === undefined ? UNCACHED : uncachedHeaders(String(vary)));
}

const writeHeadBefore = Symbol('writeHead of whoever came before');

type WriteHead = (this: ServerResponse, ...head: unknown[]) => ServerResponse;

interface Patched extends ServerResponse {
  [writeHeadBefore]?: WriteHead;
}

/** One function for all responses: a closure for each would be work that nobody needs. */
function writeHeadWithoutEtag(this: Patched, ...head: unknown[]): ServerResponse {
  this.removeHeader('etag');
  for (const headers of head) {
    if (typeof headers !== 'object' || headers === null) continue;
    for (const name of Object.keys(headers)) {
      if (name.toLowerCase() === 'etag') Reflect.deleteProperty(headers, name);
    }
  }
  return (this[writeHeadBefore] as WriteHead).apply(this, head);
}

/** Keeps an ETag off an answer that the framework writes: it would be the digest of a credential. */
export function forbidEtag(response: HttpResponse): void {
  const raw: Patched = isFastifyReply(response) ? response.raw : response;
  if (raw[writeHeadBefore] !== undefined) return;
  // Adapters and plugins add it at the very end, where nothing but the head itself comes after.
  raw[writeHeadBefore] = Reflect.get(raw, 'writeHead') as WriteHead;
  raw.writeHead = writeHeadWithoutEtag;
  // What has no ETag is never "not modified", though `*` would match whatever the framework compares it with.
  delete raw.req.headers['if-none-match'];
}

/** Writes the answer without the framework's serialiser; its hooks and middleware still see it. */
export function writeAnswer(response: HttpResponse, contentType: string, body: string): void {
  if (!isFastifyReply(response)) {
    response.setHeader('content-type', contentType);
    // Express adds its own in `send` only, which is not called here; a middleware may have been before.
    response.removeHeader('etag');
    response.end(body);
    return;
  }
  response.header('content-type', contentType);
  forbidEtag(response);
  response.send(body);
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
