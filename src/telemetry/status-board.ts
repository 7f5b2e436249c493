import type { Clock } from '../common/clock.js';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import type { NudgeAuthEvent, NudgeAuthEvents, UserKeysFailure } from './events.js';

/**
 * The state of the keys from `userJwt.jwksUri`, as `NudgeTokenService.status()` reports it.
 *
 * @publicApi
 */
export interface UserKeysStatus {
  /** `none` without a `jwksUri`; `unavailable` from the first failed fetch to the next good one. */
  readonly state: 'none' | 'available' | 'unavailable';
  /** Why they are unavailable. */
  readonly reason?: UserKeysFailure;
  /** Since when they are unavailable, in epoch milliseconds. */
  readonly since?: number;
}

/**
 * The part of `NudgeTokenStatus` that sums up all events so far.
 *
 * @publicApi
 */
export interface StatusSummary {
  /** When the last token came, in epoch milliseconds. */
  readonly lastSuccessAt: number | undefined;
  /** The last failure. It stays after a recovery. */
  readonly lastFailure: { readonly code: NudgeAuthErrorCode; readonly at: number } | undefined;
  /** The failure that no new token has followed yet, if it affects more than one user. */
  readonly renewalFailure: NudgeAuthErrorCode | undefined;
  /** Whether the fallback API key is in use, because the vendor refuses the first one. */
  readonly fallbackInUse: boolean;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` while unknown. */
  readonly skewMs: number | undefined;
  /** Whether the store can be used; `true` without a store. */
  readonly storeAvailable: boolean;
  /** The number of lost audit records. */
  readonly auditDropped: number;
  /** The state of the keys that verify users' JWTs, if the module fetches them. */
  readonly userKeys: UserKeysStatus;
}

export interface StatusBoardSettings {
  /** Whether the module fetches keys from a `userJwt.jwksUri`. */
  readonly hasJwks?: boolean;
  /** Whether a failure with this code affects all tokens, not only one user's. */
  readonly affectsAllTokens?: (code: NudgeAuthErrorCode) => boolean;
}

/** The summary before the first event. */
export const NO_SUMMARY: StatusSummary = {
  lastSuccessAt: undefined,
  lastFailure: undefined,
  renewalFailure: undefined,
  fallbackInUse: false,
  skewMs: undefined,
  storeAvailable: true,
  auditDropped: 0,
  userKeys: { state: 'none' },
};

/** Keeps a summary of the events up to date. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #affectsAllTokens: (code: NudgeAuthErrorCode) => boolean;
  #summary: StatusSummary;

  constructor(
    events: NudgeAuthEvents,
    clock: Clock,
    { hasJwks = false, affectsAllTokens = () => true }: StatusBoardSettings = {},
  ) {
    this.#clock = clock;
    this.#affectsAllTokens = affectsAllTokens;
    this.#summary = { ...NO_SUMMARY, userKeys: { state: hasJwks ? 'available' : 'none' } };
    events.subscribe((event) => {
      this.#summary = { ...this.#summary, ...this.#changeBy(event) };
    });
  }

  get summary(): StatusSummary {
    return this.#summary;
  }

  #changeBy(event: NudgeAuthEvent): Partial<StatusSummary> {
    const at = this.#clock.now().wallMs;
    switch (event.type) {
      case 'renewed':
        return {
          lastSuccessAt: at,
          renewalFailure: undefined,
          skewMs: event.skewMs ?? this.#summary.skewMs,
        };
      case 'recovered':
        return { renewalFailure: undefined };
      case 'failed':
        return {
          lastFailure: { code: event.code, at },
          ...(this.#affectsAllTokens(event.code) && { renewalFailure: event.code }),
        };
      case 'budget-spent':
        return { lastFailure: { code: 'NUDGE_RATE_LIMITED', at } };
      case 'key-in-use':
        // A tenant's keys appear in the status of that tenant only.
        return event.tenantFingerprint === undefined ? { fallbackInUse: event.role === 'fallback' } : {};
      case 'store-lost':
        return { storeAvailable: false };
      case 'store-back':
        return { storeAvailable: true };
      case 'audit-dropped':
        return { auditDropped: this.#summary.auditDropped + event.records };
      case 'user-keys-lost':
        return { userKeys: { state: 'unavailable', reason: event.reason, since: at } };
      case 'user-keys-back':
        return { userKeys: { state: 'available' } };
      case 'renewal-started':
      case 'paused':
      case 'key-refused':
      case 'invalidated':
      case 'closed':
        return {};
    }
  }
}
