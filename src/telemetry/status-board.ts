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
  /** Whether the fallback API key serves because the first one is refused. */
  readonly fallbackInUse: boolean;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` while unknown. */
  readonly skewMs: number | undefined;
  /** Whether the store can be used; `true` without one. */
  readonly storeAvailable: boolean;
  /** The keys that users' JWTs are verified with, where they are fetched. */
  readonly userKeys: UserKeysStatus;
}

/** Before anything has happened. */
export const NO_SUMMARY: StatusSummary = {
  lastSuccessAt: undefined,
  lastFailure: undefined,
  fallbackInUse: false,
  skewMs: undefined,
  storeAvailable: true,
  userKeys: { state: 'none' },
};

/** Keeps the present state of affairs out of the events. */
export class StatusBoard {
  readonly #clock: Clock;
  #summary: StatusSummary;

  /** @param hasJwks whether keys are fetched from a `userJwt.jwksUri`. */
  constructor(events: NudgeAuthEvents, clock: Clock, hasJwks = false) {
    this.#clock = clock;
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
        return { lastSuccessAt: at, skewMs: event.skewMs ?? this.#summary.skewMs };
      case 'failed':
        return { lastFailure: { code: event.code, at } };
      case 'budget-spent':
        return { lastFailure: { code: 'NUDGE_RATE_LIMITED', at } };
      case 'key-in-use':
        // What one tenant's keys do is told by the status of that tenant.
        return event.tenantFingerprint === undefined ? { fallbackInUse: event.role === 'fallback' } : {};
      case 'store-lost':
        return { storeAvailable: false };
      case 'store-back':
        return { storeAvailable: true };
      case 'user-keys-lost':
        return { userKeys: { state: 'unavailable', reason: event.reason, since: at } };
      case 'user-keys-back':
        return { userKeys: { state: 'available' } };
      case 'served':
      case 'paused':
      case 'recovered':
      case 'key-refused':
      case 'invalidated':
        return {};
    }
  }
}
