import { elapsedMs, type Clock, type Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { readClaims, type NudgeTokenClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { SHORTEST_CALL_MS } from './call-queue.js';
import {
  LocalRefusal,
  RightLost,
  type PublishableToken,
  type RenewalCall,
  type RenewedToken,
  type TokenRenewer,
} from './renewal.js';
import { LOST, type StoreGuard } from './store-guard.js';
import type { StoredToken, TokenLease, TokenStore } from './token-store.js';

/** Followers are told when the leader has written; this is for when the message is lost. */
const FOLLOWER_POLL_MS = 200;

/** A store that says all the time that something has changed is not asked in a tight loop. */
const SHORTEST_POLL_MS = 20;

/** A process that starts waits for its first connection instead of calling the vendor as all others do. */
const FIRST_CONNECTION_MS = 2 * SECOND_MS;

/** Half of the life ± 20 %: processes that cannot see each other call the vendor seldom, and not together. */
const ALONE_SHARE = { least: 0.4, spread: 0.2 } as const;

/**
 * Renews an entry once for all processes that share a store: one of them calls the vendor, the others take what it
 * stores. Without the store each process calls for itself.
 */
export class StoreRenewal implements TokenRenewer {
  readonly isShared = true;
  readonly #inner: TokenRenewer;
  readonly #store: TokenStore;
  readonly #guard: StoreGuard;
  readonly #policy: FreshnessPolicy;
  readonly #clock: Clock;
  readonly #aloneShare: number;
  #held: () => readonly PublishableToken[] = () => [];
  #firstConnection: Promise<void> | undefined;

  constructor(
    inner: TokenRenewer,
    store: TokenStore,
    guard: StoreGuard,
    policy: FreshnessPolicy,
    clock: Clock,
    random: Random,
  ) {
    this.#inner = inner;
    this.#store = store;
    this.#guard = guard;
    this.#policy = policy;
    this.#clock = clock;
    this.#aloneShare = ALONE_SHARE.least + ALONE_SHARE.spread * random();
    guard.onReturn = () => void this.#shareHeld();
  }

  refusal(): LocalRefusal | undefined {
    return this.#inner.refusal();
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    await this.#untilConnected();
    // Known as lost: whoever asks although the token is only due for rotation has waited for its half-life.
    if (this.#guard.isLost) return this.#inner.renew(call);
    let isSuperseded = false;
    for (;;) {
      const patience = this.#guard.patience();
      const stored = await this.#guard.ask('read', patience, () => this.#store.read(call.entry));
      if (stored === LOST) return this.#withoutStore(call);
      const taken = this.#take(stored, call);
      if (taken !== undefined) return taken;
      const refusal = this.#inner.refusal();
      if (refusal !== undefined) throw refusal;
      const lease = await this.#acquire(call.entry, patience);
      if (lease === LOST) return this.#withoutStore(call);
      if (lease !== undefined) {
        const led = await this.#lead(call, lease, isSuperseded);
        if (typeof led !== 'string') return led;
        isSuperseded ||= led === 'superseded';
      }
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
    await this.#guard.ask('invalidate', this.#guard.patience(), () => this.#store.invalidate(entry));
  }

  rotateAloneAfterShare(): number | undefined {
    return this.#guard.isLost ? this.#aloneShare : undefined;
  }

  shareOnReturn(held: () => readonly PublishableToken[]): void {
    this.#held = held;
  }

  close(): void {
    this.#guard.close();
  }

  #untilConnected(): Promise<void> {
    this.#firstConnection ??= new Deadline(this.#clock, FIRST_CONNECTION_MS)
      .race(this.#store.whenReady?.() ?? Promise.resolve(), () => new Error('no connection yet'))
      .catch(() => undefined);
    return this.#firstConnection;
  }

  /** A store that fails this moment is no reason to call the vendor out of turn while the held token is good. */
  #withoutStore(call: RenewalCall): Promise<RenewedToken> {
    if (call.demand.urgency === 'urgent') return this.#inner.renew(call);
    throw new LocalRefusal('NUDGE_UNAVAILABLE', 'The token store was lost during a rotation');
  }

  async #acquire(entry: string, patience: Deadline): Promise<TokenLease | undefined | typeof LOST> {
    let asked: Promise<TokenLease | undefined> | undefined;
    const lease = await this.#guard.ask('acquire', patience, () => (asked = this.#store.acquire(entry)));
    // One that comes after all would be kept from the others by a holder that does nothing with it.
    if (lease === LOST) asked?.then(giveBack).catch(() => undefined);
    return lease;
  }

  /**
   * Fetches under the lease and shares the result, unless the entry has moved on meanwhile or the lease is gone. Where it
   * has moved on before, the token is used all the same: a store that takes nothing must not cost call after call.
   */
  async #lead(
    call: RenewalCall,
    lease: TokenLease,
    isSuperseded: boolean,
  ): Promise<RenewedToken | 'superseded' | 'right lost'> {
    try {
      const renewed = await this.#inner.renew({ ...call, mayCall: () => lease.isHeld() });
      const ageMs = elapsedMs(renewed.arrivedAt, this.#clock.now());
      const { token, lifeMs, keyFingerprint } = renewed;
      const record = { token, remainingMs: lifeMs - ageMs, ageMs, keyFingerprint };
      const written = await this.#guard.ask('write', this.#guard.patience(), () => lease.write(record));
      if (written === false && !isSuperseded) return 'superseded';
      return { ...renewed, fence: written === true ? lease.fence : call.newerThan };
    } catch (error) {
      if (error instanceof RightLost) return 'right lost';
      throw error;
    } finally {
      giveBack(lease);
    }
  }

  async #follow({ entry, deadline }: RenewalCall): Promise<void> {
    const waitMs = Math.min(FOLLOWER_POLL_MS, deadline.remainingMs());
    await Promise.all([
      this.#guard.ask('untilChanged', this.#guard.patience(waitMs), () =>
        this.#store.untilChanged(entry, waitMs),
      ),
      new Promise<void>((resolve) => this.#clock.schedule(SHORTEST_POLL_MS, resolve)),
    ]);
  }

  #take(stored: StoredToken | undefined, { newerThan, reason }: RenewalCall): RenewedToken | undefined {
    // Nothing says whether what another process stored began after the call that insists.
    if (stored === undefined || reason === 'forced') return undefined;
    const now = this.#clock.now();
    try {
      const claims = readClaims(stored.token);
      if (stored.fence <= newerThan || !isSound(stored, claims)) return undefined;
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

  /** On return the others get what is held here, so that none of them must fetch it. */
  async #shareHeld(): Promise<void> {
    for (const { entry, record, published } of this.#held()) {
      const fence = await this.#guard.ask('publish', this.#guard.patience(), async () => {
        if ((await this.#store.read(entry)) !== undefined) return undefined;
        const lease = await this.#store.acquire(entry);
        if (lease === undefined) return undefined;
        try {
          return (await lease.write(record)) ? lease.fence : undefined;
        } finally {
          giveBack(lease);
        }
      });
      if (fence === LOST) return;
      if (fence !== undefined) published(fence);
    }
  }
}

/** Whatever a store gives back: no token lives longer than it says itself. */
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

/** Nobody waits for it: a lease that is not given back ends by itself. */
function giveBack(lease: TokenLease | undefined): void {
  void Promise.resolve()
    .then(() => lease?.release())
    .catch(() => undefined);
}

function noLongerWanted(): LocalRefusal {
  return new LocalRefusal('NUDGE_UNAVAILABLE', 'The token was invalidated while it was fetched');
}
