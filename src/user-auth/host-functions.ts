import { HttpException, type LoggerService } from '@nestjs/common';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import { errorKindOf } from '../common/error-kind.js';
import { isNudgeAuthError, NudgeAuthError } from '../common/errors.js';

/** Asks functions of the host's about a user, within the request's deadline. What fails refuses: it never lets pass. */
export class HostFunctions {
  readonly #logger: Pick<LoggerService, 'error'>;
  readonly #clock: Clock;
  readonly #loggedAt = new Map<string, Instant>();

  constructor(logger: Pick<LoggerService, 'error'>, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /**
   * What the function comes to.
   *
   * @param what begins the message of a failure, as in `The option extId`.
   * @throws {NudgeAuthError} `USER_CHECK_FAILED` when it throws, rejects, or does not settle before the deadline. An
   * `HttpException` is the host's own answer, and a `NudgeAuthError` is ours: both pass.
   */
  async ask<T>(what: string, ask: () => Promise<T>, deadline: Deadline): Promise<T> {
    try {
      return await this.within(what, ask(), deadline);
    } catch (error) {
      if (isNudgeAuthError(error) || error instanceof HttpException) throw error;
      throw this.#failure(what, `failed (${errorKindOf(error)})`, error);
    }
  }

  /** What the work comes to, be it a failure; `USER_CHECK_FAILED` when it does not settle before the deadline. */
  within<T>(what: string, work: Promise<T>, deadline: Deadline): Promise<T> {
    return deadline.race(work, () => this.#failure(what, 'did not settle within http.deadlineMs'));
  }

  /** The host's own error is the failure's cause, for the host's filters. It is logged once a minute. */
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
