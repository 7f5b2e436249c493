import type { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { inOwnContext } from '../common/own-context.js';
import { settledWithin, within } from '../common/deadline.js';
import type { AuditRecord, NudgeAuditOptions } from '../options/audit.options.js';
import type { AuditDropReason, NudgeAuthEvents } from '../telemetry/events.js';

const MOST_IN_A_BATCH = 500;
const MOST_WAITING = 10_000;
/** A record waits at most this long for others to join its batch. */
const COLLECT_MS = SECOND_MS;
const SINK_TIMEOUT_MS = 5 * SECOND_MS;
const CLOSE_WITHIN_MS = 2 * SECOND_MS;

class SinkTimeout extends Error {}

/**
 * Delivers records to the host application in batches, one batch at a time. A request never waits for a delivery. The
 * queue counts each record that it loses because it is full or because the delivery fails.
 */
export class AuditQueue {
  readonly #audit: NudgeAuditOptions;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  #waiting: AuditRecord[] = [];
  #overflowed = 0;
  /** How many records the current delivery holds. */
  #underWay = 0;
  #delivery: Promise<void> | undefined;
  #isClosing = false;
  #isClosed = false;
  #deliverNow: () => void = () => undefined;

  constructor(audit: NudgeAuditOptions, events: NudgeAuthEvents, clock: Clock) {
    this.#audit = audit;
    this.#events = events;
    this.#clock = clock;
  }

  /** Adds a record; counts it as lost when the queue is full or closed. */
  add(record: AuditRecord): void {
    if (this.#isClosed || this.#waiting.length === MOST_WAITING) {
      this.#overflowed += 1;
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length === MOST_IN_A_BATCH) this.#deliverNow();
    this.#delivery ??= inOwnContext(() => this.#deliver());
  }

  /** Delivers the waiting records within 2 s; the rest is lost. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#deliverNow();
    if (this.#delivery !== undefined) await settledWithin(this.#clock, CLOSE_WITHIN_MS, this.#delivery);
    this.#isClosed = true;
    this.#reportOverflow();
    this.#reportLoss(this.#underWay + this.#waiting.length, 'closed');
    this.#waiting = [];
  }

  /** Never rejects. */
  async #deliver(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#untilDue();
      const batch = this.#waiting.splice(0, MOST_IN_A_BATCH);
      if (batch.length > 0) await this.#deliverBatch(batch);
      this.#reportOverflow();
    }
    this.#delivery = undefined;
  }

  /** Waits on the clock even where a batch is due now: the request that adds a record must not run the host's function. */
  #untilDue(): Promise<void> {
    const isDue = this.#isClosing || this.#waiting.length >= MOST_IN_A_BATCH;
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(isDue ? 0 : COLLECT_MS, resolve, { background: !this.#isClosing });
      this.#deliverNow = () => {
        cancel();
        this.#clock.schedule(0, resolve);
      };
    });
  }

  async #deliverBatch(batch: readonly AuditRecord[]): Promise<void> {
    const timeout = new AbortController();
    let isLate = false;
    this.#underWay = batch.length;
    try {
      const taken = Promise.resolve(this.#audit.onIssued(batch, timeout.signal));
      await within(this.#clock, SINK_TIMEOUT_MS, taken, () => {
        isLate = true;
        return new SinkTimeout();
      });
    } catch (error) {
      if (isLate) timeout.abort(error);
      // `close` has already counted this batch.
      if (!this.#isClosed) this.#reportLoss(batch.length, isLate ? 'timeout' : 'failed');
    } finally {
      this.#underWay = 0;
    }
  }

  #reportOverflow(): void {
    this.#reportLoss(this.#overflowed, 'queue-full');
    this.#overflowed = 0;
  }

  #reportLoss(records: number, reason: AuditDropReason): void {
    if (records > 0) this.#events.emit({ type: 'audit-dropped', records, reason });
  }
}
