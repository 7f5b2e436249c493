import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { NUDGE_CLOCK } from '../common/injection-tokens.js';
import { forbidCaching, type HttpResponse } from '../http/answer-headers.js';
import { noteArrival } from '../http/arrival.js';
import { guardSending } from './answer-sending.js';

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
    noteArrival(context.getArgByIndex<object>(0), this.#clock.now());
    const response = context.getArgByIndex<HttpResponse>(1);
    forbidCaching(response);
    guardSending(response);
    return true;
  }
}
