import type { Clock } from '../common/clock.js';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import type { NudgeAuthEvent, NudgeAuthEvents } from './events.js';

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
}

/** Keeps the present state of affairs out of the events. */
export class StatusBoard {
  readonly #clock: Clock;
  #summary: StatusSummary = {
    lastSuccessAt: undefined,
    lastFailure: undefined,
    fallbackInUse: false,
    skewMs: undefined,
    storeAvailable: true,
  };

  constructor(events: NudgeAuthEvents, clock: Clock) {
    this.#clock = clock;
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
        return { fallbackInUse: event.role === 'fallback' };
      case 'store-lost':
        return { storeAvailable: false };
      case 'store-back':
        return { storeAvailable: true };
      case 'served':
      case 'paused':
      case 'recovered':
      case 'key-refused':
      case 'invalidated':
        return {};
    }
  }
}
