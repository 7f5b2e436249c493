import type { NudgeAuthErrorCode } from '../common/errors.js';
import type { StatusSummary } from '../telemetry/status-board.js';

/**
 * Selects a token.
 *
 * @publicApi
 */
export interface NudgeTokenSelector {
  /** Minutes that the token lives, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  expiryMins?: number;
  /** The user's external id, 1 to 100 characters. Required in scope `'user'`, refused in scope `'client'`. */
  extId?: string;
  /** The id of the tenant, 1 to 200 characters, compared exactly. Required with the option `tenants`, refused without it. */
  tenant?: string;
}

/**
 * Selects a token and says how to get it.
 *
 * @publicApi
 */
export interface NudgeTokenRequest extends NudgeTokenSelector {
  /** `true` skips the held token and gets a token whose renewal begins after this call. */
  forceRefresh?: boolean;
  /** When it is aborted, this caller gets the signal's reason. The renewal goes on for the callers that still wait. */
  signal?: AbortSignal;
}

/**
 * Describes a held token in a status, without the token itself.
 *
 * @publicApi
 */
export interface HeldTokenStatus {
  /** The lifetime that the module asked Nudge for, in minutes. */
  readonly expiryMins: number;
  /** The fingerprint of the API key that fetched the token. */
  readonly keyFingerprint: string;
  /** Milliseconds since the token arrived. */
  readonly ageMs: number;
  /** Milliseconds for which the token can still be used. */
  readonly remainingMs: number;
}

/**
 * The state of a registration's tokens. It contains no token, no key and no user's id.
 *
 * @publicApi
 */
export interface NudgeTokenStatus extends StatusSummary {
  readonly scope: 'client' | 'user';
  /** `false` while the kill switch, the option `enabled`, is off. */
  readonly enabled: boolean;
  /** The number of tokens that the process holds. */
  readonly heldTokens: number;
  /** Each held token in scope `'client'`. Empty in scope `'user'`, where there may be very many. */
  readonly tokens: readonly HeldTokenStatus[];
  /** Whether a caller can get a token now: a usable one is held, or no failure prevents the module from fetching one. */
  readonly canServe: boolean;
  /** Whether the module can renew tokens: no failure stands, and no backoff or pause runs. */
  readonly canRenew: boolean;
  /** Why the module cannot renew tokens. */
  readonly renewalFailure: NudgeAuthErrorCode | undefined;
  /** With the option `tenants`: how many tenants had requests in the last ten minutes, and how many of them get no token now. */
  readonly tenants?: { readonly active: number; readonly cannotServe: number };
  /** Whether processes share tokens through the option `store`. */
  readonly hasStore: boolean;
  /** Milliseconds until the module may call Nudge again after a failure or a 429; 0 if it may call now. */
  readonly nextAttemptInMs: number;
}
