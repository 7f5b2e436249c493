import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { NudgeAuthError } from '../common/errors.js';
import {
  failWith,
  forbidCaching,
  forbidEtag,
  setHeaders,
  type HttpResponse,
} from '../http/answer-headers.js';
import { NudgeHttpException } from '../http/nudge-http.exception.js';
import { emitWsException } from './ws-exception.js';

/**
 * Turns a `NudgeAuthError` that one of the host's own handlers throws into the answer that the module's endpoint would
 * give. It is for hosts that call `NudgeTokenService` in their controllers. The endpoint itself does not need it.
 *
 * Outside HTTP it passes the error on as Nest would: it throws the error again in GraphQL, returns an Observable that
 * fails in a microservice, and sends Nest's `exception` event to a WebSocket client.
 *
 * Nest must create the filter: give its class to `@UseFilters` or `APP_FILTER`, not an instance to `useGlobalFilters`.
 * It answers with the default statuses; `endpoint.errorStatus` holds for the endpoint only.
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
        // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- this is the catch of a filter, not of a promise
        return super.catch(withHeaders(error, response), host);
      }
      case 'rpc':
        return throwError(() => error);
      case 'ws':
        return emitWsException(error, host.switchToWs());
      default:
        // GraphQL and other kinds of context: the framework that called the handler deals with the error.
        throw error;
    }
  }
}

function withHeaders(error: NudgeAuthError | NudgeHttpException, response: HttpResponse): NudgeHttpException {
  if (error instanceof NudgeAuthError) return failWith(error, response, Math.random);
  setHeaders(response, Object.entries(error.headers()));
  return error;
}
