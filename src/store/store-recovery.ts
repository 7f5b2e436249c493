import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { PublishableToken } from './renewal.js';
import { LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import { giveBack, type StoredToken, type TokenStore } from './token-store.js';

/** More than anybody invalidates while a store is gone; beyond, the oldest are given up. */
const MOST_INVALIDATIONS = 1_000;
/** A part of a store may be back later than the rest. */
const PAY_AGAIN_AFTER_MS = 10 * SECOND_MS;

/** What is owed to a store for the time in which it did not answer. */
export class StoreRecovery {
  readonly #store: TokenStore;
  readonly #guard: StoreCircuitBreaker;
  readonly #clock: Clock;
  /** When an entry was invalidated here, where the store does not know of it. The latest last. */
  readonly #owed = new Map<string, Instant>();
  #cancelPayment: Cancel = () => undefined;
  held: () => readonly PublishableToken[] = () => [];

  constructor(store: TokenStore, guard: StoreCircuitBreaker, clock: Clock) {
    this.#store = store;
    this.#guard = guard;
    this.#clock = clock;
    guard.onReturn = () => this.#makeUp();
  }

  /** Whether a stored token was fetched before its entry was invalidated, and only the store does not know. */
  isInvalidated(entry: string, { ageMs }: StoredToken): boolean {
    const since = this.#owed.get(entry);
    if (since === undefined) return false;
    if (ageMs >= elapsedMs(since, this.#clock.now())) return true;
    // Somebody has replaced what was to go.
    this.#owed.delete(entry);
    return false;
  }

  /** Makes the others let go of an entry: now, or when the store is back. */
  async invalidate(entry: string): Promise<void> {
    const since = this.#clock.now();
    const answer = await this.#guard.ask('invalidate', this.#guard.timeBudget(), () =>
      this.#store.invalidate(entry),
    );
    this.#owed.delete(entry);
    if (answer !== LOST) return;
    this.#owed.set(entry, since);
    for (const oldest of this.#owed.keys()) {
      if (this.#owed.size <= MOST_INVALIDATIONS) break;
      this.#owed.delete(oldest);
    }
  }

  close(): void {
    this.#owed.clear();
    this.#cancelPayment();
  }

  async #makeUp(): Promise<void> {
    await this.#payAll();
    await this.#shareHeld();
  }

  async #payAll(): Promise<void> {
    await Promise.all([...this.#owed.keys()].map((entry) => this.#pay(entry)));
    this.#cancelPayment();
    // What is lost as a whole is paid on its return.
    if (this.#owed.size === 0 || this.#guard.isLost) return;
    this.#cancelPayment = this.#clock.schedule(PAY_AGAIN_AFTER_MS, () => void this.#payAll(), {
      background: true,
    });
  }

  async #pay(entry: string): Promise<void> {
    try {
      await this.#guard.timeBudget().within(async () => {
        const stored = (await this.#store.read(entry)) ?? undefined;
        if (stored === undefined || this.isInvalidated(entry, stored)) await this.#store.invalidate(entry);
      });
      this.#owed.delete(entry);
    } catch {
      // Owed still. One entry that cannot be reached makes nothing of the store: what is older is not taken from it.
    }
  }

  /** The others get what is held here, so that none of them must fetch it. */
  async #shareHeld(): Promise<void> {
    for (const { entry, record, published } of this.held()) {
      const fence = await this.#guard.ask('publish', this.#guard.timeBudget(), async () => {
        if (((await this.#store.read(entry)) ?? undefined) !== undefined) return undefined;
        const lease = (await this.#store.acquire(entry)) ?? undefined;
        if (lease === undefined) return undefined;
        try {
          const present = record();
          return present !== undefined && (await lease.write(present)) ? lease.fence : undefined;
        } finally {
          giveBack(lease);
        }
      });
      if (fence === LOST) return;
      if (fence !== undefined) published(fence);
    }
  }
}
