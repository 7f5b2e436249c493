import { HttpException, HttpStatus } from '@nestjs/common';
import { brand, isBranded, type NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import { catchRejection } from '../common/catch-rejection.js';
import type { Random } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** The message that a client gets. The operator finds the cause and the remedy in the `cause` of the exception. */
const PUBLIC_MESSAGES: Readonly<Record<Exclude<NudgeAuthErrorCode, 'NUDGE_INVALID_REQUEST'>, string>> = {
  NUDGE_CREDENTIALS_REJECTED: 'Nudge tokens are not available: the server is not accepted by Nudge',
  NUDGE_BAD_RESPONSE: 'Nudge tokens are not available: Nudge gave an unusable answer',
  NUDGE_RATE_LIMITED: 'Nudge tokens are not available at the moment: too many calls',
  NUDGE_UNAVAILABLE: 'Nudge tokens are not available at the moment',
  NUDGE_TIMEOUT: 'Nudge tokens are not available at the moment: no answer in time',
  NUDGE_DISABLED: 'Nudge tokens are switched off',
  NUDGE_UNKNOWN_TENANT: 'Nudge tokens are not available for this account',
  NUDGE_TENANT_UNAVAILABLE: 'Nudge tokens are not available for this account at the moment',
  USER_KEYS_UNAVAILABLE: 'Users cannot be verified at the moment',
  USER_CHECK_FAILED: 'Users cannot be checked at the moment',
};

/** For a failure that does not say when the next attempt is due. */
const DEFAULT_RETRY_AFTER_MS = SECOND_MS;
/** The same for a failure that lasts until the operator acts: clients ask less often. */
const LASTING_RETRY_AFTER_MS = MINUTE_MS;

/** Clients that fail at the same moment must not return at the same moment. */
const RETRY_SPREAD_MS = 30 * SECOND_MS;

/**
 * The HTTP exception for a token that could not be handed out. Every exception filter of the host understands it. Its
 * `cause` is the original error.
 *
 * @publicApi
 */
export class NudgeHttpException extends HttpException {
  static {
    brand(this.prototype, 'NudgeHttpException');
  }

  /** Also recognises the exceptions of a second loaded copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === NudgeHttpException
      ? isBranded(value, 'NudgeHttpException')
      : super[Symbol.hasInstance](value);
  }

  readonly code: NudgeAuthErrorCode;
  /** Seconds after which the client should try again; `undefined` where another attempt would not help. */
  readonly retryAfter: number | undefined;

  constructor(error: NudgeAuthError, status: number, retryAfter: number | undefined) {
    const message = error.code === 'NUDGE_INVALID_REQUEST' ? error.message : PUBLIC_MESSAGES[error.code];
    super({ statusCode: status, code: error.code, message }, status, { cause: error });
    this.code = error.code;
    this.retryAfter = retryAfter;
  }

  /** The headers to set on the answer. */
  headers(): Record<string, string> {
    return {
      'Nudge-Auth-Error': this.code,
      ...(this.retryAfter === undefined ? {} : { 'Retry-After': String(this.retryAfter) }),
    };
  }
}

function isFailureStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
}

/** Maps an error to an HTTP exception. No other code does this. */
export function toHttpException(
  error: NudgeAuthError,
  random: Random,
  errorStatus: (code: NudgeAuthErrorCode) => number | undefined = () => undefined,
): NudgeHttpException {
  // A client would take a success status for a token; a number that is no HTTP status would end the connection.
  const chosen: unknown = errorStatus(error.code);
  catchRejection(chosen);
  const status = isFailureStatus(chosen) ? chosen : undefined;
  if (error.code === 'NUDGE_INVALID_REQUEST') {
    return new NudgeHttpException(error, status ?? HttpStatus.BAD_REQUEST, undefined);
  }
  if (error.code === 'NUDGE_UNKNOWN_TENANT') {
    return new NudgeHttpException(error, status ?? HttpStatus.FORBIDDEN, undefined);
  }
  const dueInMs = error.retryAfterMs ?? (error.retryable ? DEFAULT_RETRY_AFTER_MS : LASTING_RETRY_AFTER_MS);
  const retryAfter = Math.ceil((dueInMs + random() * RETRY_SPREAD_MS) / SECOND_MS);
  return new NudgeHttpException(error, status ?? HttpStatus.SERVICE_UNAVAILABLE, retryAfter);
}
