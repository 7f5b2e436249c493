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

/** A store that says all the time that something has changed is not asked in a tight loop. */
const SHORTEST_POLL_MS = 20;

/** A renewal with the time that the store may be waited for. */
export type SharedCall = RenewalCall & { readonly storeTimeBudget: TimeBudget };

/** What a store says of an entry: the token that the call may use, and the order of the token that is stored. */
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

/** One entry in the store, as one renewal sees it. Every question keeps to the renewal's time budget. */
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
    // Some stores have null for nothing.
    const stored = read ?? undefined;
    const isInvalid = stored !== undefined && recovery.isInvalidated(entry, stored);
    const now = clock.now();
    const token = isInvalid ? undefined : usableStoredToken(stored, this.#call, policy, now);
    return { token: this.#unlessEnded(token, now), fence: stored?.fence ?? 0 };
  }

  /** The right to call the vendor; `undefined` while another process has it. */
  async acquire(): Promise<TokenLease | undefined | typeof STORE_LOST> {
    const { entry, storeTimeBudget } = this.#call;
    const { store, breaker } = this.#parts;
    let asked: Promise<TokenLease | undefined> | undefined;
    const lease = await breaker.ask('acquire', storeTimeBudget, () => (asked = store.acquire(entry)));
    // A lease that arrives too late is given back: its holder would make no use of it.
    if (lease === STORE_LOST) asked?.then(giveBack).catch(() => undefined);
    return lease ?? undefined;
  }

  /**
   * Stores what was fetched under a lease. `false` when the entry has moved on meanwhile. The caller does not wait for a
   * slow store: the lease stays with the write until that has ended.
   */
  async write(lease: TokenLease, fetched: FetchedToken): Promise<boolean | undefined | typeof STORE_LOST> {
    const { breaker, clock, vendorTime } = this.#parts;
    vendorTime.answered(fetched.claims.issuedAtMs, fetched.arrivedAt);
    const ageMs = elapsedMs(fetched.arrivedAt, clock.now());
    const { token, lifeMs, keyFingerprint } = fetched;
    const record = { token, remainingMs: lifeMs - ageMs, ageMs, keyFingerprint };
    const writing = breaker.ask('write', breaker.timeBudget(), () => lease.write(record));
    void writing.then(() => this.#letGo(lease, record.remainingMs));
    return this.#call.storeTimeBudget.atMost(writing);
  }

  /** A store whose clock stands still says of a token that has ended that it is young. */
  #unlessEnded(token: RenewedToken | undefined, now: Instant): RenewedToken | undefined {
    if (token === undefined) return undefined;
    const { vendorTime } = this.#parts;
    vendorTime.saw(token.claims.issuedAtMs, now);
    return token.claims.expiresAtMs <= vendorTime.atMs(now) ? undefined : token;
  }

  /** At its very end a token is in no store that could tell the other processes what the vendor says: they wait. */
  #letGo(lease: TokenLease, remainingMs: number): void {
    const isEnding = remainingMs <= ASK_FOR_FRESH_EVERY_MS && remainingMs > -END_MARGIN_MS;
    if (isEnding) this.#parts.keptLeases.keep(lease, ASK_FOR_FRESH_EVERY_MS);
    else giveBack(lease);
  }

  /** Resolves when the entry may have changed, or after `waitMs`. A store that tells of no change only makes it slower. */
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
