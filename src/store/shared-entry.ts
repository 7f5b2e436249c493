import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { TimeBudget } from '../common/time-budget.js';
import { passed } from '../common/within.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import type { LeastVendorTime } from '../token/least-vendor-time.js';
import { ASK_FOR_FRESH_EVERY_MS, END_MARGIN_MS } from '../token/repeated-token.js';
import type { FetchedToken } from '../vendor/token-source.js';
import type { KeptLeases } from './kept-leases.js';
import type { RenewalCall, RenewedToken } from './renewal.js';
import { STORE_LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { StoreRecovery } from './store-recovery.js';
import { giveBack, type TokenLease, type TokenStore } from './token-store.js';
import { usableStoredToken } from './usable-stored-token.js';

/** The shortest time between two lookups of a follower, because a store may report a change all the time. */
const SHORTEST_POLL_MS = 20;

/** A renewal with the time that it may wait for the store. */
export type SharedCall = RenewalCall & { readonly storeTimeBudget: TimeBudget };

/** The result of a lookup: the stored token if the call may use it, and the fence of the stored token. */
export interface StoreLookup {
  readonly token: RenewedToken | undefined;
  readonly fence: number;
}

interface SharedEntryParts {
  readonly store: TokenStore;
  readonly breaker: StoreCircuitBreaker;
  readonly recovery: StoreRecovery;
  readonly policy: FreshnessPolicy;
  readonly keptLeases: KeptLeases;
  readonly vendorTime: LeastVendorTime;
  readonly clock: Clock;
}

/** One entry in the store, for one renewal. Every operation keeps to the renewal's time budget for the store. */
export class SharedEntry {
  readonly #call: SharedCall;
  readonly #parts: SharedEntryParts;

  constructor(call: SharedCall, parts: SharedEntryParts) {
    this.#call = call;
    this.#parts = parts;
  }

  async look(): Promise<StoreLookup | typeof STORE_LOST> {
    const { entry, storeTimeBudget } = this.#call;
    const { store, breaker, recovery, policy, clock } = this.#parts;
    const read = await breaker.ask('read', storeTimeBudget, () => store.read(entry));
    if (read === STORE_LOST) return STORE_LOST;
    // Some stores return null for a missing entry.
    const stored = read ?? undefined;
    const isInvalid = stored !== undefined && recovery.isInvalidated(entry, stored);
    const now = clock.now();
    const token = isInvalid ? undefined : usableStoredToken(stored, this.#call, policy, now);
    return { token: this.#unlessEnded(token, now), fence: stored?.fence ?? 0 };
  }

  /** The lease that allows this process to call the vendor; `undefined` while another process has it. */
  async acquire(): Promise<TokenLease | undefined | typeof STORE_LOST> {
    const { entry, storeTimeBudget } = this.#call;
    const { store, breaker } = this.#parts;
    let asked: Promise<TokenLease | undefined> | undefined;
    const lease = await breaker.ask('acquire', storeTimeBudget, () => (asked = store.acquire(entry)));
    // The renewal does not use a lease that arrives too late, so it gives the lease back.
    if (lease === STORE_LOST) asked?.then(giveBack).catch(() => undefined);
    return lease ?? undefined;
  }

  /**
   * Stores a token that was fetched under a lease. Returns `false` if the entry has a newer fence by now. The caller does
   * not wait for a slow store: the write goes on without the caller, and the lease is released after it.
   */
  async write(lease: TokenLease, fetched: FetchedToken): Promise<boolean | undefined | typeof STORE_LOST> {
    const { breaker, clock, keptLeases, vendorTime } = this.#parts;
    vendorTime.answered(fetched.claims.issuedAtMs, fetched.arrivedAt);
    const ageMs = elapsedMs(fetched.arrivedAt, clock.now());
    const { token, lifeMs, keyFingerprint } = fetched;
    const record = { token, remainingMs: lifeMs - ageMs, ageMs, keyFingerprint };
    const isLast = !isEnding(record.remainingMs);
    const writing = breaker.ask('write', breaker.timeBudget(), () => lease.write(record, isLast));
    void writing.then(() => (isLast ? giveBack(lease) : keptLeases.keep(lease, ASK_FOR_FRESH_EVERY_MS)));
    return this.#call.storeTimeBudget.atMost(writing);
  }

  /** Refuses a token that has expired by the vendor's time. A store whose clock stands still would call it young. */
  #unlessEnded(token: RenewedToken | undefined, now: Instant): RenewedToken | undefined {
    if (token === undefined) return undefined;
    const { vendorTime } = this.#parts;
    vendorTime.saw(token.claims.issuedAtMs, now);
    return token.claims.expiresAtMs <= vendorTime.atMs(now) ? undefined : token;
  }

  /** Resolves when the entry may have changed, or after `waitMs`. If the store never reports a change, followers are slower. */
  async untilChanged(waitMs: number): Promise<void> {
    const { store, clock } = this.#parts;
    const changed = new Promise<void>((resolve) => {
      const cancel = clock.schedule(waitMs, resolve);
      void Promise.resolve()
        .then(() => store.untilChanged(this.#call.entry, waitMs))
        .then(
          () => (cancel(), resolve()),
          () => undefined,
        );
    });
    await Promise.all([changed, passed(clock, Math.min(SHORTEST_POLL_MS, waitMs))]);
  }
}

/**
 * Whether the token is close to its end. The leader then keeps the lease for a while: the store no longer holds such a token, so
 * without the lease every other process would ask the vendor for the same one.
 */
function isEnding(remainingMs: number): boolean {
  return remainingMs <= ASK_FOR_FRESH_EVERY_MS && remainingMs > -END_MARGIN_MS;
}
