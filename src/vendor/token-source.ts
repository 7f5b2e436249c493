import type { Instant } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
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

/** Who has a say in the HTTP calls after the first, which is paid for. */
export interface FurtherCalls {
  /**
   * Takes one more call out of the budget; asked before each. `false`: no further call, the failure known already is the
   * answer. May take a while.
   */
  readonly mayCallAgain: () => Promise<boolean>;
  /**
   * Said as soon as an attempt has got no answer and is to be repeated after a wait: what keeps this process from the
   * vendor need not keep others.
   */
  readonly gotNoAnswer: () => void;
}

/** Where tokens come from. */
export interface TokenSource {
  /**
   * A new token from the vendor: never a cached one.
   *
   * @param further left out, nobody has a say in them.
   * @throws {NudgeAuthError} for every failure; at the latest when `deadline` has passed.
   */
  fetchToken(request: TokenRequest, deadline: Deadline, further?: FurtherCalls): Promise<FetchedToken>;
}
