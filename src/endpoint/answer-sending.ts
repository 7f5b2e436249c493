import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Clock, Instant } from '../common/clock.js';
import { NUDGE_CLOCK } from '../common/injection-tokens.js';
import {
  forbidCaching,
  forbidEtag,
  isCachingForbidden,
  isFastifyReply,
  type HttpResponse,
} from '../http/answer-headers.js';
import { noteArrival, type Arrival, type PreparedAnswer } from '../http/arrival.js';
import type { AnswerFormat } from './answer-format.js';

export const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/** From this status on the answer is a redirect or an error: the prepared answer must not replace it. */
const FIRST_STATUS_OF_OTHERS = 300;

type Send = (this: unknown, body?: unknown) => unknown;

function sendPrepared(
  response: HttpResponse,
  { contentType, body }: PreparedAnswer,
  originalSend: Send,
): unknown {
  if (isFastifyReply(response)) {
    response.header('content-type', contentType);
    forbidEtag(response);
    return originalSend.call(response, body);
  }
  response.setHeader('content-type', contentType);
  // Express adds an ETag in `send` only, which this function does not call. Middleware may have set one before.
  if (response.hasHeader('etag')) response.removeHeader('etag');
  response.end(body);
  return response;
}

function sendOther(response: HttpResponse, body: unknown, originalSend: Send): unknown {
  forbidEtag(response);
  // Express would declare a string as HTML.
  if (!isFastifyReply(response) && typeof body === 'string' && !response.hasHeader('content-type')) {
    response.setHeader('content-type', CONTENT_TYPES.text);
  }
  return originalSend.call(response, body);
}

/**
 * Replaces the response's `send`. If the handler has prepared an answer, the framework's one call of `send` sends that
 * answer without the framework's serialiser, whatever the interceptors made of the handler's `undefined`. Otherwise the
 * call sends what an interceptor or a filter passes to it. Both answers have no ETag and forbid storing. Hooks and
 * middleware see them like any other answer.
 */
function guardSending(response: HttpResponse, arrival: Arrival): void {
  const guarded = response as { send: Send };
  const originalSend = guarded.send;
  let isSent = false;
  guarded.send = (body) => {
    // Fastify calls `send` again, with the error, when one of the host's hooks fails.
    if (isSent) return originalSend.call(response, body);
    isSent = true;
    // Forbid it again: a guard, decorator or interceptor of the host may have allowed caching meanwhile.
    if (!isCachingForbidden(response)) forbidCaching(response);
    const { prepared } = arrival;
    return prepared !== undefined && response.statusCode < FIRST_STATUS_OF_OTHERS
      ? sendPrepared(response, prepared, originalSend)
      : sendOther(response, body, originalSend);
  };
}

/** Notes when a request arrived, and forbids caches to store what will answer it. Runs before anything can answer. */
export function receive(request: object, response: HttpResponse, now: Instant): Arrival {
  const arrival = noteArrival(request, isFastifyReply(response), now);
  forbidCaching(response);
  guardSending(response, arrival);
  return arrival;
}

/**
 * Runs first among the route's guards and refuses no request. Any answer after it, from a guard, an interceptor, the
 * handler or a filter, forbids storing and has no ETag. The deadline of the request begins here.
 */
@Injectable()
export class UncachedAnswerGuard implements CanActivate {
  readonly #clock: Clock;

  constructor(@Inject(NUDGE_CLOCK) clock: Clock) {
    this.#clock = clock;
  }

  canActivate(context: ExecutionContext): true {
    receive(context.getArgByIndex<object>(0), context.getArgByIndex<HttpResponse>(1), this.#clock.now());
    return true;
  }
}
