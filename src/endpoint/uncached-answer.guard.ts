import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { NUDGE_CLOCK } from '../common/injection-tokens.js';
import type { HttpResponse } from '../http/answer-headers.js';
import { receive } from './answer-sending.js';

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
