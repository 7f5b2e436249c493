import type { Clock } from '../common/clock.js';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import type { NudgeAuthEvent, NudgeAuthEvents, UserKeysFailure } from './events.js';

/** How it stands with the keys of `userJwt.jwksUri`. */
export interface UserKeysStatus {
  /** `none` without a `jwksUri`; `unavailable` from the first failed fetch to the next good one. */
  readonly state: 'none' | 'available' | 'unavailable';
  /** Why they are unavailable. */
  readonly reason?: UserKeysFailure;
  /** Since when they are unavailable, in epoch milliseconds. */
  readonly since?: number;
}

/** What the events so far come to. */
export interface StatusSummary {
  /** When the last token came, in epoch milliseconds. */
  readonly lastSuccessAt: number | undefined;
  /** The last failure; it stays after a recovery. */
  readonly lastFailure: { readonly code: NudgeAuthErrorCode; readonly at: number } | undefined;
  /** The failure that no new token has followed yet, where it holds up more than one user. */
  readonly renewalFailure: NudgeAuthErrorCode | undefined;
  /** Whether the fallback API key serves because the first one is refused. */
  readonly fallbackInUse: boolean;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` while unknown. */
  readonly skewMs: number | undefined;
  /** Whether the store can be used; `true` without one. */
  readonly storeAvailable: boolean;
  /** How many records of the audit were lost. */
  readonly auditDropped: number;
  /** The keys that users' JWTs are verified with, where they are fetched. */
  readonly userKeys: UserKeysStatus;
}

export interface StatusBoardSettings {
  /** Whether keys are fetched from a `userJwt.jwksUri`. */
  readonly hasJwks?: boolean;
  /** Whether a failure with this code is one of all tokens, not of one user's. */
  readonly isOfAll?: (code: NudgeAuthErrorCode) => boolean;
}

/** Before anything has happened. */
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

/** Keeps the present state of affairs out of the events. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #isOfAll: (code: NudgeAuthErrorCode) => boolean;
  #summary: StatusSummary;

  constructor(
    events: NudgeAuthEvents,
    clock: Clock,
    { hasJwks = false, isOfAll = () => true }: StatusBoardSettings = {},
  ) {
    this.#clock = clock;
    this.#isOfAll = isOfAll;
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
          ...(this.#isOfAll(event.code) && { renewalFailure: event.code }),
        };
      case 'budget-spent':
        return { lastFailure: { code: 'NUDGE_RATE_LIMITED', at } };
      case 'key-in-use':
        // What one tenant's keys do is told by the status of that tenant.
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
