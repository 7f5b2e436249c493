import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { NudgeAuthError } from '../common/errors.js';
import {
  failWith,
  forbidCaching,
  forbidEtag,
  setHeaders,
  type HttpResponse,
} from '../http/answer-headers.js';
import { NudgeHttpException } from '../http/nudge-http.exception.js';

/**
 * Turns a `NudgeAuthError` that leaves one of the host's own handlers into the answer that the module's endpoint would
 * give: for hosts that call `NudgeTokenService` in their controllers, or guard them with `AuthGuard('nudge-user')`. The
 * endpoint itself does not need it.
 *
 * Nest must make it: give its class to `@UseFilters` or `APP_FILTER`, not an instance to `useGlobalFilters`. Statuses are
 * the default ones; `endpoint.errorStatus` is the endpoint's alone.
 *
 * @example
 * \@UseFilters(NudgeAuthExceptionFilter)
 */
@Catch(NudgeAuthError, NudgeHttpException)
export class NudgeAuthExceptionFilter extends BaseExceptionFilter<Error> {
  override catch(error: NudgeAuthError | NudgeHttpException, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<HttpResponse>();
    forbidCaching(response);
    forbidEtag(response);
    // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- a filter's catch, no promise's
    super.catch(withHeaders(error, response), host);
  }
}

function withHeaders(error: NudgeAuthError | NudgeHttpException, response: HttpResponse): NudgeHttpException {
  if (!(error instanceof NudgeHttpException)) return failWith(error, response, Math.random);
  setHeaders(response, Object.entries(error.headers()));
  return error;
}
