import { brand, isBranded } from './brand.js';
import { errorKindOf } from './error-kind.js';

/**
 * Every way in which this package can fail to hand out a token. The names are stable: they appear in HTTP answers,
 * logs and metrics.
 *
 * @publicApi
 */
export const NUDGE_AUTH_ERROR_CODES = [
  'NUDGE_INVALID_REQUEST',
  'NUDGE_CREDENTIALS_REJECTED',
  'NUDGE_BAD_RESPONSE',
  'NUDGE_RATE_LIMITED',
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_DISABLED',
  'NUDGE_UNKNOWN_TENANT',
  'NUDGE_TENANT_UNAVAILABLE',
  'USER_KEYS_UNAVAILABLE',
  'USER_CHECK_FAILED',
] as const;

/**
 * Why a token could not be handed out.
 *
 * @publicApi
 */
export type NudgeAuthErrorCode = (typeof NUDGE_AUTH_ERROR_CODES)[number];

/**
 * What else is known of a failure.
 *
 * @publicApi
 */
export interface NudgeAuthErrorDetails {
  /** Milliseconds until another attempt can succeed, where that is known. */
  retryAfterMs?: number;
  /** What lies behind the failure. Must hold neither key nor token: it is logged by whoever logs the error. */
  cause?: unknown;
}

const NOT_RETRYABLE: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_INVALID_REQUEST',
  'NUDGE_CREDENTIALS_REJECTED',
  'NUDGE_DISABLED',
  'NUDGE_UNKNOWN_TENANT',
]);

/**
 * A token could not be handed out. Knows nothing of HTTP; tell the reasons apart by `code`.
 * Neither its message nor its `cause` ever holds an API key or a token.
 *
 * @example
 * try {
 *   await nudgeTokens.getToken();
 * } catch (error) {
 *   if (isNudgeAuthError(error) && error.code === 'NUDGE_RATE_LIMITED') await later(error.retryAfterMs);
 * }
 *
 * @publicApi
 */
export class NudgeAuthError extends Error {
  static {
    brand(this.prototype, 'NudgeAuthError');
  }

  /** Recognises the errors of a second loaded copy of this package, too, unless it has codes that this one does not know. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== NudgeAuthError) return super[Symbol.hasInstance](value);
    return (
      isBranded(value, 'NudgeAuthError') && NUDGE_AUTH_ERROR_CODES.includes((value as NudgeAuthError).code)
    );
  }

  override readonly name = 'NudgeAuthError';
  /** Why it failed. Stable across versions. */
  readonly code: NudgeAuthErrorCode;
  /** Whether the same call can succeed later with nothing mended in between. */
  readonly retryable: boolean;
  /** Milliseconds until another attempt can succeed; `undefined` where nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(code: NudgeAuthErrorCode, message: string, details: NudgeAuthErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = !NOT_RETRYABLE.has(code);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Whether a caught value is a {@link NudgeAuthError}, also one thrown by a second loaded copy of this package.
 *
 * @publicApi
 */
export function isNudgeAuthError(value: unknown): value is NudgeAuthError {
  return value instanceof NudgeAuthError;
}

/**
 * A caught value as a {@link NudgeAuthError}. Anything else that is thrown on the way to a token is a fault of this
 * package, or of a source or store that the host gave it; only its kind goes on, because its message may quote a secret.
 */
export function asNudgeAuthError(error: unknown): NudgeAuthError {
  if (error instanceof NudgeAuthError) return error;
  const kind = errorKindOf(error);
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `Fetching a token failed unexpectedly (${kind})`);
}
