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

export function setHeader(response: HttpResponse, name: string, value: string): void {
  if (isFastifyReply(response)) response.header(name, value);
  else response.setHeader(name, value);
}

/** What may change the answer, and so must be part of every cache's key. */
const VARIES_WITH = ['Authorization', 'Accept', 'Cookie'];

/**
 * Marks a response as one that nobody may keep: tokens, and everything said in their place.
 *
 * @see RFC 9111 §5.2.2
 */
export function forbidCaching(response: HttpResponse): void {
  setHeader(response, 'Cache-Control', 'private, no-store');
  setHeader(response, 'X-Content-Type-Options', 'nosniff');
  // Appended: CORS has put its `Origin` here before.
  const vary = response.getHeader('Vary');
  setHeader(response, 'Vary', appendToVary(vary === undefined ? '' : String(vary), VARIES_WITH));
}

/** Keeps an ETag off an answer that the framework writes: it would be the digest of a credential. */
export function forbidEtag(response: HttpResponse): void {
  const raw = isFastifyReply(response) ? response.raw : response;
  const writeHead = raw.writeHead.bind(raw) as (...head: unknown[]) => ServerResponse;
  // Adapters and plugins add it at the very end, where nothing but the head itself comes after.
  raw.writeHead = (...head: unknown[]): ServerResponse => {
    raw.removeHeader('ETag');
    for (const headers of head) {
      if (typeof headers === 'object' && headers !== null) Reflect.deleteProperty(headers, 'etag');
    }
    return writeHead(...head);
  };
}

/** Writes the answer without the framework's serialiser; its hooks and middleware still see it. */
export function writeAnswer(response: HttpResponse, contentType: string, body: string): void {
  setHeader(response, 'Content-Type', contentType);
  if (!isFastifyReply(response)) {
    // Express adds its own in `send` only, which is not called here; a middleware may have been before.
    response.removeHeader('ETag');
    response.end(body);
    return;
  }
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
  for (const [name, value] of Object.entries(exception.headers())) setHeader(response, name, value);
  return exception;
}
