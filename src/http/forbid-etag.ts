import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isFastifyReply, NO_STORE, type HttpResponse } from './answer-headers.js';

type WriteHead = (this: ServerResponse, ...head: unknown[]) => ServerResponse;

/** The `writeHead` that middleware has set on this one response. */
const earlierWriteHead = Symbol('nudge-auth: earlier writeHead');

interface Patched extends ServerResponse {
  [earlierWriteHead]?: WriteHead;
}

const ETAG = 'etag';

const CACHE_CONTROL = 'cache-control';

/** A hook of the host may have set both headers after the answer was prepared, for every answer of the application. */
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
function writeHeadWithoutEtag(this: Patched, ...head: unknown[]): ServerResponse {
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
  if (writeHead === writeHeadWithoutEtag) return;
  // Adapters and plugins add the ETag last, just before they write the head.
  if (Object.hasOwn(raw, 'writeHead')) raw[earlierWriteHead] = writeHead;
  raw.writeHead = writeHeadWithoutEtag;
  const { headers } = raw.req;
  for (const condition of CONDITIONS) {
    if (headers[condition] !== undefined) Reflect.deleteProperty(headers, condition);
  }
}
