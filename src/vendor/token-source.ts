import type { Instant } from '../common/clock.js';
import { NudgeAuthError, type NudgeAuthErrorCode, type NudgeAuthErrorDetails } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import type { NudgeTokenClaims } from '../token/claims.js';

/** The parameters of a token. */
export interface TokenRequest {
  /** Minutes that the token is to live, 30 to 1440. */
  readonly expiryMins: number;
  /** The external id of the user whose token it is. Left out for a token that serves every user. */
  readonly extId?: string | undefined;
}

/** A token from the vendor, with its life by this machine's clock. */
export interface FetchedToken {
  readonly token: string;
  readonly claims: NudgeTokenClaims;
  /** When the token arrived at this process. */
  readonly arrivedAt: Instant;
  /** Milliseconds that the token can be used, counted from `arrivedAt`. */
  readonly lifeMs: number;
  /** Milliseconds from the moment the vendor issued the token to its arrival. */
  readonly ageOnArrivalMs: number;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` if it is not known. */
  readonly skewMs: number | undefined;
  /** Names the API key that fetched the token. */
  readonly keyFingerprint: string;
}

/** Fetches tokens from the vendor. */
export interface TokenSource {
  /**
   * Fetches a new token from the vendor, by one attempt with one API key. It never returns a cached token.
   *
   * @param timeoutMs milliseconds after which the attempt is given up.
   * @throws {TransientFailure} when the same call may succeed on a later attempt.
   * @throws {NudgeAuthError} for every other failure.
   */
  fetchToken(request: TokenRequest, apiKey: Secret, timeoutMs: number): Promise<FetchedToken>;
}

/** A failed attempt. A repeated one may succeed before the caller's deadline. */
export class TransientFailure extends NudgeAuthError {
  /** `false` when no answer came. Then the connection of this process to the vendor may be at fault. */
  readonly isAnswered: boolean;

  constructor(
    code: NudgeAuthErrorCode,
    message: string,
    { isAnswered, ...details }: NudgeAuthErrorDetails & { readonly isAnswered: boolean },
  ) {
    super(code, message, details);
    this.isAnswered = isAnswered;
  }
}
