import type { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { inOwnContext } from '../common/own-context.js';
import { settledWithin, within } from '../common/within.js';
import type { AuditRecord, NudgeAuditOptions } from '../options/audit.options.js';
import type { AuditDropReason, NudgeAuthEvents } from '../telemetry/events.js';

const MOST_IN_A_BATCH = 500;
const MOST_WAITING = 10_000;
/** So long a record waits for others. */
const COLLECT_MS = SECOND_MS;
const SINK_TIMEOUT_MS = 5 * SECOND_MS;
const CLOSE_WITHIN_MS = 2 * SECOND_MS;

class SinkTimeout extends Error {}

/**
 * Delivers records to the host in batches, one after the other, and never in the way of a request: what does not fit or
 * cannot be delivered is lost and counted.
 */
export class AuditQueue {
  readonly #audit: NudgeAuditOptions;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  #waiting: AuditRecord[] = [];
  #overflowed = 0;
  /** How many the host is being given. */
  #underWay = 0;
  #delivery: Promise<void> | undefined;
  #isClosing = false;
  #isClosed = false;
  #hurry: () => void = () => undefined;

  constructor(audit: NudgeAuditOptions, events: NudgeAuthEvents, clock: Clock) {
    this.#audit = audit;
    this.#events = events;
    this.#clock = clock;
  }

  /** Takes a record, unless as many are waiting as are kept. */
  add(record: AuditRecord): void {
    if (this.#isClosed || this.#waiting.length === MOST_WAITING) {
      this.#overflowed += 1;
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length === MOST_IN_A_BATCH) this.#hurry();
    this.#delivery ??= inOwnContext(() => this.#deliver());
  }

  /** Delivers what is waiting, within 2 s; the rest is lost. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry();
    if (this.#delivery !== undefined) await settledWithin(this.#clock, CLOSE_WITHIN_MS, this.#delivery);
    this.#isClosed = true;
    this.#tellOfOverflow();
    this.#drop(this.#underWay + this.#waiting.length, 'closed');
    this.#waiting = [];
  }

  /** Never rejects. */
  async #deliver(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#untilDue();
      const batch = this.#waiting.splice(0, MOST_IN_A_BATCH);
      if (batch.length > 0) await this.#hand(batch);
      this.#tellOfOverflow();
    }
    this.#delivery = undefined;
  }

  /** Always by the clock, so that no request waits for the host's function. */
  #untilDue(): Promise<void> {
    const isDue = this.#isClosing || this.#waiting.length >= MOST_IN_A_BATCH;
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(isDue ? 0 : COLLECT_MS, resolve, { background: !this.#isClosing });
      this.#hurry = () => {
        cancel();
        this.#clock.schedule(0, resolve);
      };
    });
  }

  async #hand(batch: readonly AuditRecord[]): Promise<void> {
    const timeout = new AbortController();
    this.#underWay = batch.length;
    try {
      const taken = Promise.resolve(this.#audit.onIssued(batch, timeout.signal));
      await within(this.#clock, SINK_TIMEOUT_MS, taken, () => new SinkTimeout());
    } catch (error) {
      const isLate = error instanceof SinkTimeout;
      if (isLate) timeout.abort(error);
      // After the close it has been counted.
      if (!this.#isClosed) this.#drop(batch.length, isLate ? 'timeout' : 'failed');
    } finally {
      this.#underWay = 0;
    }
  }

  #tellOfOverflow(): void {
    this.#drop(this.#overflowed, 'queue-full');
    this.#overflowed = 0;
  }

  #drop(records: number, reason: AuditDropReason): void {
    if (records > 0) this.#events.emit({ type: 'audit-dropped', records, reason });
  }
}
