import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { TokenLease, TokenRecord } from '../store/token-store.js';
import type { EntryNames } from './entry-names.js';
import { numberIn, type RedisConnection } from './redis-connection.js';
import { RELEASE, RENEW } from './scripts.js';

/** After this a holder that says nothing has lost its right. */
export const LEASE_MS = 2 * SECOND_MS;
const RENEW_EVERY_MS = SECOND_MS / 2;
/** Well before the lease ends, counted from when its renewal was sent: nobody knows when Redis got it. */
const HELD_FOR_MS = 1.5 * SECOND_MS;
/** No caller's deadline is longer, so whoever has not given it back by then has forgotten it. */
const LONGEST_WORK_MS = 10 * SECOND_MS;

interface RedisLeaseParts {
  readonly names: EntryNames;
  readonly fence: number;
  readonly storedFence: number;
  /** What the lease's name holds while it is this one. */
  readonly value: string;
  readonly sentAt: Instant;
  /** When Redis gave it, by its clock in microseconds. */
  readonly givenUs: number;
  /** @param atUs a moment of Redis' clock at which the record was not younger than it says. */
  readonly write: (record: TokenRecord, atUs: number) => Promise<boolean>;
}

/** The right to renew an entry, kept for as long as the holder works. */
export class RedisLease implements TokenLease {
  readonly fence: number;
  readonly storedFence: number;
  readonly #parts: RedisLeaseParts;
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #givenAt: Instant;
  #sentAt: Instant;
  /** The last that was heard of Redis' clock. */
  #heardUs: number;
  #isOver = false;
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

  write(record: TokenRecord): Promise<boolean> {
    return this.#parts.write(record, this.#heardUs);
  }

  async release(): Promise<void> {
    this.#end();
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
      // The next attempt may succeed; until then the time since the last one counts.
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#cancel();
  }
}
