import type { Instant } from '../common/clock.js';
import { NudgeAuthError, type NudgeAuthErrorCode, type NudgeAuthErrorDetails } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import type { NudgeTokenClaims } from '../token/claims.js';

/** What a token is asked for. */
export interface TokenRequest {
  /** Minutes the token shall live, 30 to 1440. */
  readonly expiryMins: number;
  /** The external id of the user whom the token is bound to; none for a token that serves every user. */
  readonly extId?: string | undefined;
}

/** A token as it came from the vendor, placed in this machine's time. */
export interface FetchedToken {
  readonly token: string;
  readonly claims: NudgeTokenClaims;
  /** The moment it arrived here. */
  readonly arrivedAt: Instant;
  /** Milliseconds it can be used from `arrivedAt` on. */
  readonly lifeMs: number;
  /** Milliseconds that had passed since the vendor issued it when it arrived. */
  readonly ageOnArrivalMs: number;
  /** Milliseconds by which the vendor's clock is ahead of this machine's, where known. */
  readonly skewMs: number | undefined;
  /** Names the API key that fetched it. */
  readonly keyFingerprint: string;
}

/** Where tokens come from. */
export interface TokenSource {
  /**
   * A new token from the vendor, by one call with one API key: never a cached token, never a second attempt.
   *
   * @param timeoutMs milliseconds after which the call is given up.
   * @throws {TransientFailure} when the same call may succeed if it is repeated.
   * @throws {NudgeAuthError} for every other failure.
   */
  fetchToken(request: TokenRequest, apiKey: Secret, timeoutMs: number): Promise<FetchedToken>;
}

/** A failed call that may succeed when it is repeated before its caller's deadline. */
export class TransientFailure extends NudgeAuthError {
  /** `false` when no answer came: the fault may lie on this process's own way to the vendor. */
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
