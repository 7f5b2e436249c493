import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { readClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { SHORTEST_CALL_MS } from './call-queue.js';
import { LocalRefusal, type RenewalCall, type RenewedToken, type TokenRenewer } from './renewal.js';
import type { StoredToken, TokenLease, TokenStore } from './token-store.js';

/** What a caller may lose to a store that does not answer. */
const STORE_PATIENCE_MS = 300;
/** Followers are told when the leader has written; this is for when the message is lost. */
const FOLLOWER_POLL_MS = 200;

/** How often a process that may not call the vendor looks for what others have stored. */
const LOOK_EVERY_MS = SECOND_MS;

/** The store did not answer, or not well: the renewal goes on without it. */
const LOST = Symbol('store lost');

/**
 * Renews an entry once for all processes that share a store: one of them calls the vendor, the others take what it
 * stores. Without the store each process calls for itself.
 */
export class StoreRenewal implements TokenRenewer {
  readonly #inner: TokenRenewer;
  readonly #store: TokenStore;
  readonly #policy: FreshnessPolicy;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  #isLost = false;
  #lookedAt: Instant | undefined;

  constructor(
    inner: TokenRenewer,
    store: TokenStore,
    policy: FreshnessPolicy,
    events: NudgeAuthEvents,
    clock: Clock,
  ) {
    this.#inner = inner;
    this.#store = store;
    this.#policy = policy;
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * What holds back this process does not hold back the others: every now and then it looks for what they have stored,
   * although it may not call the vendor itself.
   */
  refusal(): LocalRefusal | undefined {
    const refusal = this.#inner.refusal();
    const isDueForLook =
      this.#lookedAt === undefined || elapsedMs(this.#lookedAt, this.#clock.now()) >= LOOK_EVERY_MS;
    return isDueForLook ? undefined : refusal;
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    for (;;) {
      this.#lookedAt = this.#clock.now();
      const patience = new Deadline(this.#clock, STORE_PATIENCE_MS);
      const stored = await this.#ask('read', patience, () => this.#store.read(call.entry));
      if (stored === LOST) return this.#inner.renew(call);
      const taken = stored === undefined ? undefined : this.#take(stored, call);
      if (taken !== undefined) return taken;
      const refusal = this.#inner.refusal();
      if (refusal !== undefined) throw refusal;
      const lease = await this.#ask('acquire', patience, () => this.#store.acquire(call.entry));
      if (lease === LOST) return this.#inner.renew(call);
      const led = lease === undefined ? undefined : await this.#lead(call, lease);
      if (led !== undefined) return led;
      if (call.demand.isDropped) throw noLongerWanted();
      if (call.deadline.remainingMs() < SHORTEST_CALL_MS) {
        throw new NudgeAuthError(
          'NUDGE_TIMEOUT',
          'Another process is renewing the token and has not finished in time',
        );
      }
      if (lease === undefined) await this.#follow(call);
    }
  }

  async invalidate(entry: string): Promise<void> {
    await this.#ask('invalidate', new Deadline(this.#clock, STORE_PATIENCE_MS), () =>
      this.#store.invalidate(entry),
    );
  }

  /** Fetches under the lease and shares the result; `undefined` when the entry has moved on meanwhile. */
  async #lead(call: RenewalCall, lease: TokenLease): Promise<RenewedToken | undefined> {
    try {
      const renewed = await this.#inner.renew(call);
      const ageMs = elapsedMs(renewed.arrivedAt, this.#clock.now());
      const { token, lifeMs, keyFingerprint } = renewed;
      const record = { token, remainingMs: lifeMs - ageMs, ageMs, keyFingerprint };
      const written = await this.#ask('write', new Deadline(this.#clock, STORE_PATIENCE_MS), () =>
        lease.write(record),
      );
      if (written === false) return undefined;
      return { ...renewed, fence: written === LOST ? call.newerThan : lease.fence };
    } finally {
      // Nobody waits for it: a lease that is not given back ends by itself.
      void this.#ask('release', new Deadline(this.#clock, STORE_PATIENCE_MS), () => lease.release());
    }
  }

  async #follow({ entry, deadline }: RenewalCall): Promise<void> {
    const waitMs = Math.min(FOLLOWER_POLL_MS, deadline.remainingMs());
    const patience = new Deadline(this.#clock, waitMs + STORE_PATIENCE_MS);
    await this.#ask('untilChanged', patience, () => this.#store.untilChanged(entry, waitMs));
  }

  #take(stored: StoredToken, { newerThan, reason }: RenewalCall): RenewedToken | undefined {
    // Nothing says whether what another process stored began after the call that insists.
    if (reason === 'forced' || stored.fence <= newerThan) return undefined;
    const now = this.#clock.now();
    try {
      const claims = readClaims(stored.token);
      const taken: RenewedToken = {
        token: stored.token,
        claims,
        arrivedAt: { wallMs: now.wallMs - stored.ageMs, monotonicMs: now.monotonicMs - stored.ageMs },
        lifeMs: stored.remainingMs + stored.ageMs,
        ageOnArrivalMs: Math.max(
          0,
          claims.expiresAtMs - claims.issuedAtMs - stored.remainingMs - stored.ageMs,
        ),
        skewMs: undefined,
        keyFingerprint: stored.keyFingerprint,
        from: 'store',
        fence: stored.fence,
      };
      return new HeldToken(taken, this.#policy).freshness(now) === 'unusable' ? undefined : taken;
    } catch {
      // Not a token: whatever wrote it, it is a miss, and the next write replaces it.
      return undefined;
    }
  }

  async #ask<T>(operation: string, patience: Deadline, work: () => Promise<T>): Promise<T | typeof LOST> {
    try {
      const answer = await patience.race(work(), () => new Error('no answer in time'));
      if (this.#isLost) this.#events.emit({ type: 'store-back' });
      this.#isLost = false;
      return answer;
    } catch {
      // Fails open on purpose: the store makes renewals fewer, it must never be why a user gets no token.
      if (!this.#isLost) this.#events.emit({ type: 'store-lost', operation });
      this.#isLost = true;
      return LOST;
    }
  }
}

function noLongerWanted(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'The token was invalidated while it was fetched');
}
