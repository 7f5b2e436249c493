import type { NudgeAuthErrorCode } from '../common/errors.js';
import type { StatusSummary } from '../telemetry/status-board.js';

/**
 * Which token is meant.
 *
 * @publicApi
 */
export interface NudgeTokenSelector {
  /** Minutes the token lives, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  expiryMins?: number;
  /** The user's external id, 1 to 100 characters. Required in scope `'user'`, refused in scope `'client'`. */
  extId?: string;
  /** Whose account: required with the option `tenants`, 1 to 200 characters, compared exactly; refused without it. */
  tenant?: string;
}

/**
 * Which token is asked for, and how.
 *
 * @publicApi
 */
export interface NudgeTokenRequest extends NudgeTokenSelector {
  /** `true` skips the held token and gets one that was fetched after this call. */
  forceRefresh?: boolean;
  /** Releases this caller when aborted, with the signal's reason; what others wait for goes on. */
  signal?: AbortSignal;
}

/** A held token in a status: everything but the token. */
export interface HeldTokenStatus {
  /** Minutes it was asked to live. */
  readonly expiryMins: number;
  /** Names the API key that fetched it. */
  readonly keyFingerprint: string;
  /** Milliseconds since it arrived. */
  readonly ageMs: number;
  /** Milliseconds it can still be used. */
  readonly remainingMs: number;
}

/**
 * What the service knows of its own work. Holds neither tokens nor keys nor users' ids.
 *
 * @publicApi
 */
export interface NudgeTokenStatus extends StatusSummary {
  readonly scope: 'client' | 'user';
  /** What the kill switch says. */
  readonly enabled: boolean;
  /** How many tokens are held. */
  readonly heldTokens: number;
  /** Each of them, in scope `'client'`; in scope `'user'` the number has to do. */
  readonly tokens: readonly HeldTokenStatus[];
  /** Whether a caller can get a token now: one is held, or no failure keeps one from being fetched. */
  readonly canServe: boolean;
  /** Whether tokens are being renewed: the last failure has ended, and nothing is waited out. */
  readonly canRenew: boolean;
  /** Why tokens cannot be renewed. */
  readonly renewalFailure: NudgeAuthErrorCode | undefined;
  /** With the option `tenants`: how many were asked for in the last ten minutes, and how many of them get no token now. */
  readonly tenants?: { readonly active: number; readonly cannotServe: number };
  /** Whether processes share tokens by the option `store`. */
  readonly hasStore: boolean;
  /** Milliseconds until Nudge may be called again after failures or a 429; 0 when it may be now. */
  readonly nextAttemptInMs: number;
}
