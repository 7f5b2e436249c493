import type { ServerResponse } from 'node:http';
import { isFastifyReply, type FastifyReplyLike, type HttpResponse } from '../http/answer-headers.js';
import { forbidEtag } from '../http/forbid-etag.js';
import type { AnswerFormat } from './answer-format.js';

const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/** A prepared answer takes the place of what the framework sends, but never of a redirect or an error. */
const FIRST_STATUS_OF_OTHERS = 300;

type Send = (this: unknown, body?: unknown) => unknown;

/** The `send` that middleware had put on the response itself. */
const earlierSend = Symbol('nudge-auth: earlier send');
const preparedBody = Symbol('nudge-auth: prepared body');
const preparedFormat = Symbol('nudge-auth: prepared format');

/** The response of either adapter, once the guard was there. */
type GuardedResponse = (FastifyReplyLike | (ServerResponse & { readonly raw?: undefined })) & {
  send: Send;
  [earlierSend]?: Send;
  [preparedBody]?: string;
  [preparedFormat]?: AnswerFormat;
};

function sendPrepared(response: GuardedResponse, body: string, originalSend: Send): unknown {
  const contentType = CONTENT_TYPES[response[preparedFormat] ?? 'json'];
  if (isFastifyReply(response)) {
    response.header('content-type', contentType);
    forbidEtag(response);
    return originalSend.call(response, body);
  }
  response.setHeader('content-type', contentType);
  // Express adds its own in `send` only, which is not called here; middleware may have set one before.
  if (response.hasHeader('etag')) response.removeHeader('etag');
  response.end(body);
  return response;
}

/**
 * What the framework's one call of `send` does on the endpoint's route. It sends the prepared answer, where the handler
 * has prepared one; else what it is given by an interceptor or a filter. Neither gets an ETag.
 */
function guardedSend(this: unknown, body?: unknown): unknown {
  const response = this as GuardedResponse;
  const originalSend =
    response[earlierSend] ?? (Reflect.get(Object.getPrototypeOf(response) as object, 'send') as Send);
  // Restored: Fastify calls it again, with the error, when a hook of the host's fails.
  response.send = originalSend;
  const prepared = response[preparedBody];
  if (prepared !== undefined && response.statusCode < FIRST_STATUS_OF_OTHERS) {
    return sendPrepared(response, prepared, originalSend);
  }
  forbidEtag(response);
  // Express would call it HTML.
  if (!isFastifyReply(response) && typeof body === 'string' && !response.hasHeader('content-type')) {
    response.setHeader('content-type', CONTENT_TYPES.text);
  }
  return originalSend.call(response, body);
}

/** From here on nothing that the framework sends on this response gets an ETag. */
export function guardSending(response: HttpResponse): void {
  const guarded = response as GuardedResponse;
  if (Object.hasOwn(guarded, 'send')) guarded[earlierSend] = guarded.send;
  guarded.send = guardedSend;
}

/**
 * Has the framework send this body when the interceptors are through, whatever they have made of the handler's
 * `undefined`, and without its serialiser. Its hooks and middleware see the answer as any other.
 */
export function prepareAnswer(response: HttpResponse, format: AnswerFormat, body: string): void {
  const guarded = response as GuardedResponse;
  guarded[preparedBody] = body;
  if (format !== 'json') guarded[preparedFormat] = format;
}
