import { HttpException, type LoggerService } from '@nestjs/common';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import { errorKindOf } from '../common/error-kind.js';
import { isNudgeAuthError, NudgeAuthError } from '../common/errors.js';

/** Calls the host's functions about a user, within the request's deadline. If one fails, the request is refused. */
export class HostFunctions {
  readonly #logger: Pick<LoggerService, 'error'>;
  readonly #clock: Clock;
  readonly #loggedAt = new Map<string, Instant>();

  constructor(logger: Pick<LoggerService, 'error'>, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /**
   * The result of the function.
   *
   * @param what names the function at the start of an error message, for example `The option extId`.
   * @throws {NudgeAuthError} `USER_CHECK_FAILED` when the function throws, rejects, or does not settle before the
   * deadline. An `HttpException` is the host's own answer and a `NudgeAuthError` is ours: both are thrown unchanged.
   */
  async ask<T>(what: string, ask: () => Promise<T>, deadline: Deadline): Promise<T> {
    try {
      return await this.within(what, ask(), deadline);
    } catch (error) {
      if (isNudgeAuthError(error) || error instanceof HttpException) throw error;
      throw this.#failure(what, `failed (${errorKindOf(error)})`, error);
    }
  }

  /** The result or the error of the work; `USER_CHECK_FAILED` when it does not settle before the deadline. */
  within<T>(what: string, work: Promise<T>, deadline: Deadline): Promise<T> {
    return deadline.race(work, () => this.#failure(what, 'did not settle within http.deadlineMs'));
  }

  /** The host's own error becomes the cause, so that the host's filters see it. A failure is logged once a minute. */
  #failure(what: string, how: string, cause?: unknown): NudgeAuthError {
    const message = `${what} ${how}`;
    const now = this.#clock.now();
    const loggedAt = this.#loggedAt.get(what);
    if (loggedAt === undefined || elapsedMs(loggedAt, now) >= MINUTE_MS) {
      this.#loggedAt.set(what, now);
      this.#logger.error(`${message}: users get 503 USER_CHECK_FAILED (logged once a minute)`);
    }
    return new NudgeAuthError('USER_CHECK_FAILED', message, cause === undefined ? {} : { cause });
  }
}
