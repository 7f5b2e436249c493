import { errorKindOf } from './error-kind.js';

/**
 * The code of every failure to hand out a token. The codes are stable: they appear in HTTP answers, logs and metrics.
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
 * More facts about a failure.
 *
 * @publicApi
 */
export interface NudgeAuthErrorDetails {
  /** Milliseconds until another attempt can succeed; left out where that is unknown. */
  retryAfterMs?: number;
  /** The error that caused the failure. It must hold neither key nor token, because hosts log it with the failure. */
  cause?: unknown;
}

const NOT_RETRYABLE: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_INVALID_REQUEST',
  'NUDGE_CREDENTIALS_REJECTED',
  'NUDGE_DISABLED',
  'NUDGE_UNKNOWN_TENANT',
]);

/**
 * A failure to hand out a token. Its `code` says why. The error has no HTTP status. Neither its message nor its `cause`
 * ever holds an API key or a token.
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

  /** Also recognises the errors of a second loaded copy of this package, if this copy knows their `code`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== NudgeAuthError) return super[Symbol.hasInstance](value);
    return (
      isBranded(value, 'NudgeAuthError') && NUDGE_AUTH_ERROR_CODES.includes((value as NudgeAuthError).code)
    );
  }

  override readonly name = 'NudgeAuthError';
  /** Why the token could not be handed out. Stable across versions. */
  readonly code: NudgeAuthErrorCode;
  /** Whether the same call can succeed later without a change by the caller or the operator. */
  readonly retryable: boolean;
  /** Milliseconds until another attempt can succeed; `undefined` where that is unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(code: NudgeAuthErrorCode, message: string, details: NudgeAuthErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = !NOT_RETRYABLE.has(code);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Whether a caught value is a {@link NudgeAuthError}, from this or from a second loaded copy of this package.
 *
 * @publicApi
 */
export function isNudgeAuthError(value: unknown): value is NudgeAuthError {
  return value instanceof NudgeAuthError;
}

/**
 * Turns a caught value into a {@link NudgeAuthError}. Any other error comes from a bug in this package, or from a
 * source or store of the host. Only its name is kept, because its message may quote a secret.
 */
export function asNudgeAuthError(error: unknown): NudgeAuthError {
  if (error instanceof NudgeAuthError) return error;
  const kind = errorKindOf(error);
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `Fetching a token failed unexpectedly (${kind})`);
}

/**
 * Lets `instanceof` recognise objects that a second loaded copy of this package has made: one copy may catch the errors
 * of the other. The marks are registered symbols, which all copies share. They appear neither in logs nor in JSON.
 */
function markOf(name: string): symbol {
  return Symbol.for(`nestjs-nudge-auth.${name}`);
}

/** Marks all objects that inherit from the prototype. */
export function brand(prototype: object, name: string): void {
  Object.defineProperty(prototype, markOf(name), { value: true });
}

/** Whether the value is an instance of the branded class, from any copy of this package. */
export function isBranded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && markOf(name) in value;
}
