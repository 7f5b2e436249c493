import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { TokenLease, TokenRecord } from '../store/token-store.js';
import type { EntryNames } from './entry-names.js';
import { numberIn, type RedisConnection } from './redis-connection.js';
import { RELEASE, RENEW } from './scripts.js';

/** A holder that does not renew its lease for this time loses it. */
export const LEASE_MS = 2 * SECOND_MS;
const RENEW_EVERY_MS = SECOND_MS / 2;
/** The holder stops well before the lease ends. It counts from sending the renewal: when Redis got it is unknown. */
const HELD_FOR_MS = 1.5 * SECOND_MS;
/** No caller's deadline is longer. A holder that has not released the lease by then has forgotten it. */
const LONGEST_WORK_MS = 10 * SECOND_MS;

interface RedisLeaseParts {
  readonly names: EntryNames;
  readonly fence: number;
  readonly storedFence: number;
  /** The value in Redis while this holder has the lease. */
  readonly value: string;
  readonly sentAt: Instant;
  /** When Redis gave the lease, in microseconds of its clock. */
  readonly givenUs: number;
  /**
   * @param atUs a moment of Redis' clock at which the record was at least as old as it says.
   * @param released the value of the lease, if the write gives it back.
   */
  readonly write: (record: TokenRecord, atUs: number, released: string | undefined) => Promise<boolean>;
}

/** The right to renew an entry. It renews itself while its holder works. */
export class RedisLease implements TokenLease {
  readonly fence: number;
  readonly storedFence: number;
  readonly #parts: RedisLeaseParts;
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #givenAt: Instant;
  #sentAt: Instant;
  /** The time of Redis in its last answer, in microseconds. */
  #heardUs: number;
  #isOver = false;
  /** Whether a write has given the lease back already. */
  #isReleased = false;
  #cancel: Cancel = () => undefined;

  constructor(parts: RedisLeaseParts, connection: RedisConnection, clock: Clock) {
    this.fence = parts.fence;
    this.storedFence = parts.storedFence;
    this.#parts = parts;
    this.#connection = connection;
    this.#clock = clock;
    this.#givenAt = parts.sentAt;
    this.#sentAt = parts.sentAt;
    this.#heardUs = parts.givenUs;
    this.#scheduleRenewal();
  }

  isHeld(): boolean {
    if (elapsedMs(this.#sentAt, this.#clock.now()) >= HELD_FOR_MS) this.#end();
    return !this.#isOver;
  }

  async write(record: TokenRecord, isLast = false): Promise<boolean> {
    const isWritten = await this.#parts.write(record, this.#heardUs, isLast ? this.#parts.value : undefined);
    if (isLast && isWritten) {
      this.#isReleased = true;
      this.#end();
    }
    return isWritten;
  }

  async release(): Promise<void> {
    this.#end();
    if (this.#isReleased) return;
    const { names, value } = this.#parts;
    await this.#connection.run(RELEASE, [names.lease], [value, names.channel, names.announced]);
  }

  #scheduleRenewal(): void {
    this.#cancel = this.#clock.schedule(RENEW_EVERY_MS, () => void this.#renew(), { background: true });
  }

  async #renew(): Promise<void> {
    const sentAt = this.#clock.now();
    if (!this.isHeld()) return;
    if (elapsedMs(this.#givenAt, sentAt) >= LONGEST_WORK_MS) return this.#end();
    this.#scheduleRenewal();
    try {
      const { names, value } = this.#parts;
      const [nowUs, isRenewed] = await this.#connection.run(RENEW, [names.lease], [value, LEASE_MS]);
      this.#heardUs = nowUs;
      if (numberIn(isRenewed) === 1) this.#sentAt = sentAt;
      else this.#end();
    } catch {
      // The next attempt may succeed. Until then the lease counts from the last one that did.
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#cancel();
  }
}
