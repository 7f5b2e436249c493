import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { passed, type TimeBudget } from '../common/deadline.js';
import { readClaims, type NudgeTokenClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { ASK_FOR_FRESH_EVERY_MS, END_MARGIN_MS } from '../token/repeated-token.js';
import type { LeastVendorTime } from '../token/vendor-time.js';
import type { FetchedToken } from '../vendor/token-source.js';
import type { KeptLeases } from './kept-leases.js';
import type { RenewalCall, RenewedToken } from './renewal.js';
import { STORE_LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { StoreRecovery } from './store-recovery.js';
import { giveBack, type StoredToken, type TokenLease, type TokenStore } from './token-store.js';

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

/**
 * The stored token if it is usable and newer than the one that the call knows, otherwise `undefined`. While the call waits for
 * the end of a repeated token, it also takes a token that is close to its end and that another process fetched a moment
 * ago: the vendor would return the same one.
 */
function usableStoredToken(
  stored: StoredToken | undefined,
  { newerThan, held, reason, awaitsEnd }: RenewalCall,
  policy: FreshnessPolicy,
  now: Instant,
): RenewedToken | undefined {
  // A forced renewal needs a token whose renewal began after the call. For a stored token that is unknown.
  if (stored === undefined || reason === 'forced') return undefined;
  try {
    const claims = readClaims(stored.token);
    if (stored.fence <= newerThan || !isSound(stored, claims)) return undefined;
    // When a store is back, other processes publish their held tokens with new fences: a higher fence may have an older token.
    if (held !== undefined && stored.ageMs >= held.ageMs(now)) return undefined;
    const taken: RenewedToken = {
      token: stored.token,
      claims,
      arrivedAt: { wallMs: now.wallMs - stored.ageMs, monotonicMs: now.monotonicMs - stored.ageMs },
      lifeMs: stored.remainingMs + stored.ageMs,
      ageOnArrivalMs: Math.max(0, claims.expiresAtMs - claims.issuedAtMs - stored.remainingMs - stored.ageMs),
      skewMs: undefined,
      keyFingerprint: stored.keyFingerprint,
      from: 'store',
      fence: stored.fence,
    };
    const isUsable = new HeldToken(taken, policy).freshness(now) !== 'unusable';
    return isUsable || (awaitsEnd && stored.ageMs < ASK_FOR_FRESH_EVERY_MS) ? taken : undefined;
  } catch {
    // The stored text is not a token: a miss. The next write replaces it.
    return undefined;
  }
}

/** Whether the stored values are possible: numbers, and a life that is not longer than the token's own claims say. */
function isSound(
  { remainingMs, ageMs, fence, keyFingerprint }: StoredToken,
  claims: NudgeTokenClaims,
): boolean {
  return (
    [remainingMs, ageMs, fence].every((value) => Number.isFinite(value) && value >= 0) &&
    remainingMs + ageMs <= claims.expiresAtMs - claims.issuedAtMs &&
    typeof keyFingerprint === 'string'
  );
}
