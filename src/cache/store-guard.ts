import type { Cancel, Clock, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';

/** What a caller may lose to a store that does not answer. */
export const STORE_PATIENCE_MS = 300;

/** The store did not answer, or not well: whoever asked goes on without it. */
export const LOST = Symbol('store lost');

const FIRST_PROBE_MS = SECOND_MS;
const LONGEST_PROBE_MS = 10 * SECOND_MS;

/**
 * Stands between a store and those who ask it. A store that has failed is left alone but for one probe now and then,
 * each after a random wait, so that processes do not come back to it together.
 */
export class StoreGuard {
  readonly #probe: () => Promise<unknown>;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  #isLost = false;
  #failedProbes = 0;
  #cancelProbe: Cancel = () => undefined;
  #isClosed = false;
  #onReturn: () => void = () => undefined;

  /** @param probe asks the store for what it is needed for; rejects while it is of no use. */
  constructor(probe: () => Promise<unknown>, events: NudgeAuthEvents, clock: Clock, random: Random) {
    this.#probe = probe;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  set onReturn(listener: () => void) {
    this.#onReturn = listener;
  }

  /** How long one caller may wait for the store in all. */
  patience(extraMs = 0): Deadline {
    return new Deadline(this.#clock, STORE_PATIENCE_MS + extraMs);
  }

  /** What the store says, or `LOST`: at once while it is known to be lost, else when the patience is at its end. */
  async ask<T>(operation: string, patience: Deadline, work: () => Promise<T>): Promise<T | typeof LOST> {
    if (this.#isLost) return LOST;
    try {
      return await this.#within(patience, work);
    } catch {
      // Fails open on purpose: the store makes renewals fewer, it must never be why a user gets no token.
      this.#lose(operation);
      return LOST;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelProbe();
  }

  #lose(operation: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#failedProbes = 0;
    this.#events.emit({ type: 'store-lost', operation });
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#isClosed) return;
    const ceilingMs = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(this.#failedProbes, 10));
    const delayMs = ceilingMs * (0.5 + this.#random() / 2);
    this.#cancelProbe = this.#clock.schedule(delayMs, () => void this.#tryAgain(), { background: true });
  }

  async #tryAgain(): Promise<void> {
    try {
      await this.#within(this.patience(), this.#probe);
    } catch {
      this.#failedProbes += 1;
      this.#scheduleProbe();
      return;
    }
    if (this.#isClosed) return;
    this.#isLost = false;
    this.#events.emit({ type: 'store-back' });
    this.#onReturn();
  }

  /** As `Deadline.race`, but an answer that is here when the time is up, and only not read yet, still counts. */
  #within<T>(patience: Deadline, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(patience.remainingMs(), () => {
        setImmediate(() => reject(new Error('no answer in time')));
      });
      void Promise.resolve().then(work).then(resolve, reject).finally(cancel);
    });
  }
}
