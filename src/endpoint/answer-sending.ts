import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Clock, Instant } from '../common/clock.js';
import { NUDGE_CLOCK } from '../common/injection-tokens.js';
import {
  forbidCaching,
  isCachingForbidden,
  isFastifyReply,
  type HttpResponse,
} from '../http/answer-headers.js';
import { noteArrival, type Arrival, type PreparedAnswer } from '../http/arrival.js';
import { forbidEtag } from '../http/forbid-etag.js';
import type { AnswerFormat } from './answer-format.js';

export const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/** A prepared answer takes the place of what the framework sends, but never of a redirect or an error. */
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
  // Express adds its own in `send` only, which is not called here; middleware may have set one before.
  if (response.hasHeader('etag')) response.removeHeader('etag');
  response.end(body);
  return response;
}

function sendOther(response: HttpResponse, body: unknown, originalSend: Send): unknown {
  forbidEtag(response);
  // Express would call it HTML.
  if (!isFastifyReply(response) && typeof body === 'string' && !response.hasHeader('content-type')) {
    response.setHeader('content-type', CONTENT_TYPES.text);
  }
  return originalSend.call(response, body);
}

/**
 * From here on the framework's one call of `send` sends the prepared answer, where the handler has prepared one, whatever
 * interceptors have made of the handler's `undefined`, and without the framework's serialiser; else what an interceptor
 * or a filter gives it. Neither gets an ETag or may be stored. Hooks and middleware see the answer as any other.
 */
function guardSending(response: HttpResponse, arrival: Arrival): void {
  const guarded = response as { send: Send };
  const originalSend = guarded.send;
  let isSent = false;
  guarded.send = (body) => {
    // Fastify calls it again, with the error, when a hook of the host's fails.
    if (isSent) return originalSend.call(response, body);
    isSent = true;
    // Once more: a host's guard, decorator or interceptor may have allowed caching meanwhile.
    if (!isCachingForbidden(response)) forbidCaching(response);
    const { prepared } = arrival;
    return prepared !== undefined && response.statusCode < FIRST_STATUS_OF_OTHERS
      ? sendPrepared(response, prepared, originalSend)
      : sendOther(response, body, originalSend);
  };
}

/** What happens to every request before anything can answer it. */
export function receive(request: object, response: HttpResponse, now: Instant): Arrival {
  const arrival = noteArrival(request, now);
  forbidCaching(response);
  guardSending(response, arrival);
  return arrival;
}

/**
 * Stands first among the route's guards and refuses no request. Whatever answers after it (a guard, an interceptor, the
 * handler, a filter), the answer is not to be stored and has no ETag. The deadline begins here.
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
