import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { NudgeAuthError } from '../common/errors.js';
import { failWith, forbidCaching, forbidEtag, type HttpResponse } from './answer-headers.js';

/**
 * Turns a `NudgeAuthError` that leaves one of the host's own handlers into the answer that the module's endpoint would
 * give: for hosts that call `NudgeTokenService` in their controllers. The endpoint itself does not need it.
 *
 * Nest must make it: give its class to `@UseFilters` or `APP_FILTER`, not an instance to `useGlobalFilters`. Statuses are
 * the default ones; `endpoint.errorStatus` is the endpoint's alone.
 *
 * @example
 * \@UseFilters(NudgeAuthExceptionFilter)
 */
@Catch(NudgeAuthError)
export class NudgeAuthExceptionFilter extends BaseExceptionFilter<NudgeAuthError> {
  override catch(error: NudgeAuthError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<HttpResponse>();
    forbidCaching(response);
    forbidEtag(response);
    // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- a filter's catch, no promise's
    super.catch(failWith(error, response, Math.random) as unknown as NudgeAuthError, host);
  }
}
