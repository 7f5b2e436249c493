import type { Clock, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { LeastVendorTime } from '../token/vendor-time.js';
import { SHORTEST_ATTEMPT_MS } from '../vendor/attempts.js';
import { LocalRefusal } from '../vendor/failures.js';
import { isTurnEnded, type VendorCall } from '../vendor/vendor-call.js';
import type { VendorGateway } from '../vendor/vendor-gateway.js';
import { KeptLeases } from './kept-leases.js';
import type { PublishableToken, RenewalCall, RenewedToken, TokenRenewer } from './renewal.js';
import { SharedEntry, type SharedCall, type StoreLookup } from './shared-entry.js';
import { STORE_LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import { StoreRecovery } from './store-recovery.js';
import { FIRST_CONNECTION_MS, giveBack, type TokenLease, type TokenStore } from './token-store.js';

/** A follower waits for the message that the leader has written. It also looks this often, because the message can get lost. */
const FOLLOWER_POLL_MS = 200;

/** A process whose call has failed lets the others go first. All of them look within this time. */
const SHORTEST_ABSTENTION_MS = 1.5 * FOLLOWER_POLL_MS;

/** Half of the life ± 20 %: processes without a store call the vendor rarely, and not in the same moment. */
const ALONE_SHARE = { least: 0.4, spread: 0.2 } as const;

/** How following ends: with another process's token, with the lease to call the vendor, or with neither. */
type Followed =
  | { readonly kind: 'token'; readonly token: RenewedToken }
  | { readonly kind: 'turn'; readonly lease: TokenLease }
  | { readonly kind: 'store lost' }
  | { readonly kind: 'refused'; readonly reason: LocalRefusal };

/**
 * Renews an entry once for all processes that share a store: the leader calls the vendor, and the followers take the token
 * that it stores. While the store is lost each process calls for itself.
 */
export class StoreCoordinator implements TokenRenewer {
  readonly isShared = true;
  readonly #gateway: VendorGateway;
  readonly #store: TokenStore;
  readonly #breaker: StoreCircuitBreaker;
  readonly #recovery: StoreRecovery;
  readonly #policy: FreshnessPolicy;
  readonly #keptLeases: KeptLeases;
  readonly #vendorTime = new LeastVendorTime();
  readonly #clock: Clock;
  readonly #aloneShare: number;
  readonly #closeBreaker: () => void;
  #firstConnection: Promise<void> | undefined;

  /** @param closeBreaker closes the circuit breaker. Left out if other coordinators use the breaker too. */
  constructor(
    gateway: VendorGateway,
    store: TokenStore,
    breaker: StoreCircuitBreaker,
    policy: FreshnessPolicy,
    clock: Clock,
    random: Random,
    closeBreaker: () => void = () => undefined,
  ) {
    this.#gateway = gateway;
    this.#store = store;
    this.#breaker = breaker;
    this.#recovery = new StoreRecovery(store, breaker, clock);
    this.#policy = policy;
    this.#keptLeases = new KeptLeases(clock);
    this.#clock = clock;
    this.#closeBreaker = closeBreaker;
    this.#aloneShare = ALONE_SHARE.least + ALONE_SHARE.spread * random();
  }

  refusal(): LocalRefusal | undefined {
    return this.#gateway.refusal();
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    await this.#untilConnected();
    // While the store is lost, a process rotates a token at half of its life only. So this renewal is due.
    if (this.#breaker.isLost) return this.#gateway.renew(call);
    return this.#followOrLead({ ...call, storeTimeBudget: this.#breaker.timeBudget() });
  }

  invalidate(entry: string): Promise<void> {
    return this.#recovery.invalidate(entry);
  }

  invalidateAll(): Promise<void> {
    return this.#recovery.invalidateAll();
  }

  rotateAloneAfterShare(): number | undefined {
    return this.#breaker.isLost ? this.#aloneShare : undefined;
  }

  shareOnReturn(held: () => readonly PublishableToken[]): void {
    this.#recovery.held = held;
  }

  open(): void {
    void this.#untilConnected();
  }

  close(): void {
    this.#recovery.close();
    this.#keptLeases.close();
    this.#closeBreaker();
  }

  #untilConnected(): Promise<void> {
    this.#firstConnection ??= new Deadline(this.#clock, FIRST_CONNECTION_MS)
      .race(this.#store.whenReady?.() ?? Promise.resolve(), () => new Error('no connection yet'))
      .catch(() => undefined);
    return this.#firstConnection;
  }

  /**
   * Follows the process that renews the entry, and leads once this process gets the lease. A leader whose attempt gets no
   * answer gives the lease back and follows again: the other processes may reach the vendor although this one cannot.
   */
  async #followOrLead(call: SharedCall): Promise<RenewedToken> {
    const entry = new SharedEntry(call, {
      store: this.#store,
      breaker: this.#breaker,
      recovery: this.#recovery,
      policy: this.#policy,
      keptLeases: this.#keptLeases,
      vendorTime: this.#vendorTime,
      clock: this.#clock,
    });
    let vendorCall = this.#gateway.prepare(call);
    let abstention = new Deadline(this.#clock, 0);
    let hasMovedOn = false;
    try {
      for (;;) {
        const followed = await this.#follow(call, entry, abstention);
        if (followed.kind === 'token') {
          return { ...followed.token, despite: await this.#gateway.giveUp(vendorCall) };
        }
        if (followed.kind === 'refused') throw (await this.#gateway.giveUp(vendorCall)) ?? followed.reason;
        if (followed.kind === 'store lost') return await this.#goOnWithoutStore(call, vendorCall);
        const { lease } = followed;
        const outcome = await this.#lead(vendorCall, lease);
        if (isTurnEnded(outcome)) {
          giveBack(lease);
          abstention = new Deadline(this.#clock, Math.max(SHORTEST_ABSTENTION_MS, outcome.againInMs));
        } else {
          const written = await entry.write(lease, outcome);
          // If the entry has moved on twice, the token is used anyway: a store that refuses every write must not cost more calls.
          if (written !== false || hasMovedOn) {
            const isStored = written === true || written === undefined;
            return isStored ? { ...outcome, fence: lease.fence } : outcome;
          }
          hasMovedOn = true;
          vendorCall.end();
          vendorCall = this.#gateway.prepare(call);
        }
        call.storeTimeBudget.restart();
      }
    } finally {
      vendorCall.end();
    }
  }

  /**
   * Looks again and again until another process has stored a token, or this process gets the lease.
   *
   * @param abstention until it has passed, this process does not ask for the lease, so that the others go first.
   */
  async #follow(call: SharedCall, entry: SharedEntry, abstention: Deadline): Promise<Followed> {
    for (;;) {
      if (call.priority.isDropped) return { kind: 'refused', reason: noLongerWanted() };
      const lookup = await entry.look();
      if (lookup === STORE_LOST) return { kind: 'store lost' };
      if (lookup.token !== undefined) return { kind: 'token', token: lookup.token };
      const refusal = this.#gateway.refusal();
      if (refusal !== undefined) return { kind: 'refused', reason: refusal };
      if (call.deadline.remainingMs() < SHORTEST_ATTEMPT_MS) return { kind: 'refused', reason: notInTime() };
      const abstainsForMs = abstention.remainingMs();
      const lease = abstainsForMs > 0 ? undefined : await entry.acquire();
      if (lease === STORE_LOST) return { kind: 'store lost' };
      if (lease !== undefined) return this.#lookUnderLease(entry, lease, lookup);
      const moments = [FOLLOWER_POLL_MS, call.deadline.remainingMs(), abstainsForMs];
      await entry.untilChanged(Math.ceil(Math.min(...moments.filter((ms) => ms > 0))));
      call.storeTimeBudget.restart();
    }
  }

  /** Does not lead if the last leader wrote a token between this process's lookup and its lease. */
  async #lookUnderLease(entry: SharedEntry, lease: TokenLease, before: StoreLookup): Promise<Followed> {
    if ((lease.storedFence ?? 0) <= before.fence) return { kind: 'turn', lease };
    const lookup = await entry.look();
    if (lookup === STORE_LOST || lookup.token === undefined) return { kind: 'turn', lease };
    giveBack(lease);
    return { kind: 'token', token: lookup.token };
  }

  async #lead(vendorCall: VendorCall, lease: TokenLease): ReturnType<VendorGateway['goOn']> {
    try {
      return await this.#gateway.goOn(vendorCall, { mayCall: () => lease.isHeld() });
    } catch (error) {
      giveBack(lease);
      throw error;
    }
  }

  /** Calls the vendor only if a caller waits. While the held token is good, the process waits until the store answers again. */
  async #goOnWithoutStore(call: SharedCall, vendorCall: VendorCall): Promise<RenewedToken> {
    if (call.priority.urgency === 'urgent') return this.#gateway.goOn(vendorCall);
    throw (await this.#gateway.giveUp(vendorCall)) ?? storeLost();
  }
}

function storeLost(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'The token store was lost during a rotation');
}

function notInTime(): LocalRefusal {
  return new LocalRefusal(
    'NUDGE_TIMEOUT',
    'Another process is renewing the token and has not finished in time',
  );
}

function noLongerWanted(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'The token was invalidated while it was fetched');
}
