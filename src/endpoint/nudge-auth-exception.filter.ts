import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { NudgeAuthError } from '../common/errors.js';
import { failWith, forbidCaching, setHeaders, type HttpResponse } from '../http/answer-headers.js';
import { forbidEtag } from '../http/forbid-etag.js';
import { NudgeHttpException } from '../http/nudge-http.exception.js';
import { emitWsException } from './ws-exception.js';

/**
 * Turns a `NudgeAuthError` that leaves one of the host's own handlers into the answer that the module's endpoint would
 * give: for hosts that call `NudgeTokenService` in their controllers. The endpoint itself does not need it.
 *
 * Outside HTTP it passes the error on as Nest would: GraphQL gets it thrown, microservices as an Observable that fails,
 * WebSocket clients get Nest's `exception` event.
 *
 * Nest must make it: give its class to `@UseFilters` or `APP_FILTER`, not an instance to `useGlobalFilters`. Statuses are
 * the default ones; `endpoint.errorStatus` is the endpoint's alone.
 *
 * @example
 * \@UseFilters(NudgeAuthExceptionFilter)
 *
 * @publicApi
 */
@Catch(NudgeAuthError, NudgeHttpException)
export class NudgeAuthExceptionFilter extends BaseExceptionFilter<Error> {
  override catch(error: NudgeAuthError | NudgeHttpException, host: ArgumentsHost): unknown {
    switch (host.getType<string>()) {
      case 'http': {
        const response = host.switchToHttp().getResponse<HttpResponse>();
        forbidCaching(response);
        forbidEtag(response);
        // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- a filter's catch, no promise's
        return super.catch(withHeaders(error, response), host);
      }
      case 'rpc':
        return throwError(() => error);
      case 'ws':
        return emitWsException(error, host.switchToWs());
      default:
        // GraphQL and other kinds of context: the caller of the handler knows what to do with its error.
        throw error;
    }
  }
}

function withHeaders(error: NudgeAuthError | NudgeHttpException, response: HttpResponse): NudgeHttpException {
  if (error instanceof NudgeAuthError) return failWith(error, response, Math.random);
  setHeaders(response, Object.entries(error.headers()));
  return error;
}
