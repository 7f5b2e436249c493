import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { PublishableToken } from './renewal.js';
import { STORE_LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import { giveBack, type StoredToken, type TokenStore } from './token-store.js';

/** The limit for invalidations that the store has missed. Above it the oldest are dropped. */
const MOST_MISSED = 1_000;
/** One part of a store may come back later than the rest, so failed invalidations are tried again. */
const TRY_AGAIN_AFTER_MS = 10 * SECOND_MS;

/** Repeats what a store missed while it was lost: invalidations, and tokens to share. */
export class StoreRecovery {
  readonly #store: TokenStore;
  readonly #breaker: StoreCircuitBreaker;
  readonly #clock: Clock;
  /** When this process invalidated each entry whose invalidation the store has missed. The latest stands last. */
  readonly #missed = new Map<string, Instant>();
  /** When this process invalidated all entries, if the store has missed that. */
  #missedAll: Instant | undefined;
  readonly #endReturns: () => void;
  #cancelNextTry: Cancel = () => undefined;
  held: () => readonly PublishableToken[] = () => [];

  constructor(store: TokenStore, breaker: StoreCircuitBreaker, clock: Clock) {
    this.#store = store;
    this.#breaker = breaker;
    this.#clock = clock;
    this.#endReturns = breaker.onReturn(() => this.#recover());
  }

  /** Whether a stored token was fetched before an invalidation that the store has missed. */
  isInvalidated(entry: string, { ageMs }: StoredToken): boolean {
    if (this.#missedAll !== undefined && ageMs >= elapsedMs(this.#missedAll, this.#clock.now())) return true;
    const since = this.#missed.get(entry);
    if (since === undefined) return false;
    if (ageMs >= elapsedMs(since, this.#clock.now())) return true;
    // Another process has replaced the invalidated token by a newer one.
    this.#missed.delete(entry);
    return false;
  }

  /** Makes the other processes drop an entry: now, or when the store is back. */
  async invalidate(entry: string): Promise<void> {
    const since = this.#clock.now();
    const answer = await this.#breaker.ask('invalidate', this.#breaker.timeBudget(), () =>
      this.#store.invalidate(entry),
    );
    this.#missed.delete(entry);
    if (answer !== STORE_LOST) return;
    this.#missed.set(entry, since);
    for (const oldest of this.#missed.keys()) {
      if (this.#missed.size <= MOST_MISSED) break;
      this.#missed.delete(oldest);
    }
  }

  /** Makes the other processes drop all entries: now, or when the store is back. */
  async invalidateAll(): Promise<void> {
    const since = this.#clock.now();
    const answer = await this.#breaker.ask('invalidate', this.#breaker.timeBudget(), async () =>
      this.#store.invalidateAll?.(),
    );
    this.#missedAll = answer === STORE_LOST ? since : undefined;
  }

  close(): void {
    this.#endReturns();
    this.#missed.clear();
    this.#missedAll = undefined;
    this.#cancelNextTry();
  }

  async #recover(): Promise<void> {
    await this.#repeatAllInvalidations();
    await this.#shareHeld();
  }

  async #repeatAllInvalidations(): Promise<void> {
    await this.#repeatInvalidationOfAll();
    await Promise.all([...this.#missed.keys()].map((entry) => this.#repeatInvalidation(entry)));
    this.#cancelNextTry();
    // If the whole store is lost, the invalidations are repeated when it is back.
    if ((this.#missed.size === 0 && this.#missedAll === undefined) || this.#breaker.isLost) return;
    this.#cancelNextTry = this.#clock.schedule(
      TRY_AGAIN_AFTER_MS,
      () => void this.#repeatAllInvalidations(),
      {
        background: true,
      },
    );
  }

  async #repeatInvalidationOfAll(): Promise<void> {
    if (this.#missedAll === undefined) return;
    try {
      await this.#breaker.timeBudget().within(async () => this.#store.invalidateAll?.());
      this.#missedAll = undefined;
    } catch {
      // It is tried again, as below. Until then this process does not take a token that was stored before.
    }
  }

  async #repeatInvalidation(entry: string): Promise<void> {
    try {
      await this.#breaker.timeBudget().within(async () => {
        const stored = (await this.#store.read(entry)) ?? undefined;
        if (stored === undefined || this.isInvalidated(entry, stored)) await this.#store.invalidate(entry);
      });
      this.#missed.delete(entry);
    } catch {
      // The entry stays in the list, and this process does not take its older token. The rest of the store is still usable.
    }
  }

  /** Stores the held tokens, so that the other processes need not fetch them. */
  async #shareHeld(): Promise<void> {
    for (const { entry, record, published } of this.held()) {
      const fence = await this.#breaker.ask('publish', this.#breaker.timeBudget(), async () => {
        if (((await this.#store.read(entry)) ?? undefined) !== undefined) return undefined;
        const lease = (await this.#store.acquire(entry)) ?? undefined;
        if (lease === undefined) return undefined;
        try {
          const present = record();
          return present !== undefined && (await lease.write(present, true)) ? lease.fence : undefined;
        } finally {
          giveBack(lease);
        }
      });
      if (fence === STORE_LOST) return;
      if (fence !== undefined) published(fence);
    }
  }
}
