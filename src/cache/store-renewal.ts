import { elapsedMs, type Clock, type Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { asNudgeAuthError } from '../common/errors.js';
import { SHORTEST_CALL_MS } from './call-queue.js';
import { KeptLeases } from './kept-leases.js';
import type { Patience } from './patience.js';
import {
  LocalRefusal,
  RightLost,
  type PublishableToken,
  type RenewalCall,
  type RenewedToken,
  type TokenRenewer,
} from './renewal.js';
import type { RenewalsOptions } from './renewals.js';
import { LOST, type StoreGuard } from './store-guard.js';
import { StoreReturn } from './store-return.js';
import { LeastVendorTime } from '../token/vendor-time.js';
import { newsIn } from './stored-news.js';
import { ASK_FOR_FRESH_EVERY_MS, END_MARGIN_MS } from './token-entry.js';
import { giveBack, type TokenLease, type TokenStore } from './token-store.js';

/** Followers are told when the leader has written; this is for when the message is lost. */
const FOLLOWER_POLL_MS = 200;

/** A store that says all the time that something has changed is not asked in a tight loop. */
const SHORTEST_POLL_MS = 20;

/** Whoever has failed lets the others go first: all of them look within this, also those who are told nothing. */
const ABSTENTION_MS = 1.5 * FOLLOWER_POLL_MS;

/** A process that starts waits for its first connection instead of calling the vendor as all others do. */
const FIRST_CONNECTION_MS = 2 * SECOND_MS;

/** Half of the life ± 20 %: processes that cannot see each other call the vendor seldom, and not together. */
const ALONE_SHARE = { least: 0.4, spread: 0.2 } as const;

/** A renewal, and how long the store may still be waited for. */
type SharedCall = RenewalCall & { readonly patience: Patience };

/** What somebody else has fetched, or the turn to call the vendor. */
type Turn = { readonly taken: RenewedToken } | { readonly lease: TokenLease };

/**
 * Renews an entry once for all processes that share a store: one of them calls the vendor, the others take what it
 * stores. Without the store each process calls for itself.
 */
export class StoreRenewal implements TokenRenewer {
  readonly isShared = true;
  readonly #inner: TokenRenewer;
  readonly #store: TokenStore;
  readonly #guard: StoreGuard;
  readonly #return: StoreReturn;
  readonly #keptLeases: KeptLeases;
  readonly #options: RenewalsOptions;
  readonly #clock: Clock;
  readonly #aloneShare: number;
  readonly #vendorTime = new LeastVendorTime();
  #firstConnection: Promise<void> | undefined;

  constructor(
    inner: TokenRenewer,
    store: TokenStore,
    guard: StoreGuard,
    options: RenewalsOptions,
    clock: Clock,
    random: Random,
  ) {
    this.#inner = inner;
    this.#store = store;
    this.#guard = guard;
    this.#return = new StoreReturn(store, guard, clock);
    this.#keptLeases = new KeptLeases(clock);
    this.#options = options;
    this.#clock = clock;
    this.#aloneShare = ALONE_SHARE.least + ALONE_SHARE.spread * random();
  }

  refusal(): LocalRefusal | undefined {
    return this.#inner.refusal();
  }

  async renew(request: RenewalCall): Promise<RenewedToken> {
    await this.#untilConnected();
    // Known as lost: whoever asks although the token is only due for rotation has waited for its half-life.
    if (this.#guard.isLost) return this.#inner.renew(request);
    const call: SharedCall = { ...request, patience: this.#guard.patience() };
    let isSuperseded = false;
    for (;;) {
      const turn = await this.#turn(call);
      if (turn === LOST) return this.#withoutStore(call);
      if ('taken' in turn) return turn.taken;
      const led = await this.#lead(call, turn.lease, isSuperseded);
      if (typeof led !== 'string') return led;
      isSuperseded ||= led === 'superseded';
      if (led === 'right lost') await this.#follow(call.entry, FOLLOWER_POLL_MS);
      call.patience.renew();
    }
  }

  invalidate(entry: string): Promise<void> {
    return this.#return.invalidate(entry);
  }

  rotateAloneAfterShare(): number | undefined {
    return this.#guard.isLost ? this.#aloneShare : undefined;
  }

  shareOnReturn(held: () => readonly PublishableToken[]): void {
    this.#return.held = held;
  }

  open(): void {
    void this.#untilConnected();
  }

  close(): void {
    this.#return.close();
    this.#keptLeases.close();
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

  /**
   * Looks and follows until another process has fetched the token, or it is this one's turn to call.
   *
   * @param abstention until it is over, the others go first.
   */
  async #turn(call: SharedCall, abstention?: Deadline): Promise<Turn | typeof LOST> {
    const { entry, deadline, demand, patience } = call;
    for (;;) {
      if (demand.isDropped) throw noLongerWanted();
      const look = await this.#look(call);
      if (look === LOST) return LOST;
      if (look.news !== undefined) return { taken: look.news };
      const refusal = this.#inner.refusal();
      if (refusal !== undefined) throw refusal;
      if (deadline.remainingMs() < SHORTEST_CALL_MS) throw notInTime();
      const abstainsForMs = abstention?.remainingMs() ?? 0;
      const lease = abstainsForMs > 0 ? undefined : await this.#acquire(entry, patience);
      if (lease === LOST) return LOST;
      if (lease !== undefined) return this.#newsBefore(call, lease, look.fence);
      const moments = [FOLLOWER_POLL_MS, deadline.remainingMs(), abstainsForMs];
      await this.#follow(entry, Math.ceil(Math.min(...moments.filter((ms) => ms > 0))));
      patience.renew();
    }
  }

  /** What is stored, as far as it is news to the call. */
  async #look(call: SharedCall): Promise<{ news: RenewedToken | undefined; fence: number } | typeof LOST> {
    const { entry, patience } = call;
    const read = await this.#guard.ask('read', patience, () => this.#store.read(entry));
    if (read === LOST) return LOST;
    // Some stores have null for nothing.
    const stored = read ?? undefined;
    const isGood = stored !== undefined && !this.#return.isInvalidated(entry, stored);
    const now = this.#clock.now();
    const news = isGood ? newsIn(stored, call, this.#options, now) : undefined;
    if (news !== undefined) {
      this.#vendorTime.saw(news.claims.issuedAtMs, now);
      // A store whose clock stands still says that it is young.
      if (news.claims.expiresAtMs <= this.#vendorTime.atMs(now))
        return { news: undefined, fence: stored?.fence ?? 0 };
    }
    return { news, fence: stored?.fence ?? 0 };
  }

  /** The lease is for nothing when the last holder wrote between this one's look and its turn. */
  async #newsBefore(call: SharedCall, lease: TokenLease, seenFence: number): Promise<Turn> {
    if ((lease.storedFence ?? 0) <= seenFence) return { lease };
    const look = await this.#look(call);
    if (look === LOST || look.news === undefined) return { lease };
    giveBack(lease);
    return { taken: look.news };
  }

  async #acquire(entry: string, patience: Patience): Promise<TokenLease | undefined | typeof LOST> {
    let asked: Promise<TokenLease | undefined> | undefined;
    const lease = await this.#guard.ask('acquire', patience, () => (asked = this.#store.acquire(entry)));
    // One that comes after all would be kept from the others by a holder that does nothing with it.
    if (lease === LOST) asked?.then(giveBack).catch(() => undefined);
    // Some stores have null for nothing.
    return lease ?? undefined;
  }

  /**
   * Calls the vendor and shares the result. After an attempt without an answer the turn is the others': what keeps this
   * process from the vendor need not keep them. An answer, whatever it says, is the vendor's: others would get it too.
   */
  async #lead(
    call: SharedCall,
    given: TokenLease,
    isSuperseded: boolean,
  ): Promise<RenewedToken | 'superseded' | 'right lost'> {
    let lease: TokenLease | undefined = given;
    let abstention: Deadline | undefined;
    let taken: RenewedToken | undefined;
    let isOver = false;
    const gotNoAnswer = (): void => {
      giveBack(lease);
      lease = undefined;
      abstention = new Deadline(this.#clock, ABSTENTION_MS);
    };
    const mayCallAgain = async (): Promise<boolean> => {
      if (lease?.isHeld() === true) return true;
      call.patience.renew();
      // Whatever forbids another attempt: the failure of the last one is the answer.
      const turn = await this.#turn(call, abstention).catch(() => undefined);
      if (isOver) {
        if (turn !== undefined && turn !== LOST && 'lease' in turn) giveBack(turn.lease);
        return false;
      }
      if (turn === undefined) return false;
      if (turn === LOST) return call.demand.urgency === 'urgent';
      if ('taken' in turn) taken = turn.taken;
      else ({ lease } = turn);
      return taken === undefined;
    };
    try {
      const mayCall = (): boolean => lease?.isHeld() !== false;
      const renewed = await this.#inner.renew({ ...call, mayCall, gotNoAnswer, mayCallAgain });
      return lease === undefined ? renewed : await this.#share(call, lease, renewed, isSuperseded);
    } catch (error) {
      giveBack(lease);
      if (error instanceof RightLost) return 'right lost';
      if (taken !== undefined) return { ...taken, despite: asNudgeAuthError(error) };
      throw error;
    } finally {
      isOver = true;
    }
  }

  /**
   * Stores what was fetched under a lease, unless the entry has moved on meanwhile. Where it has moved on before, the
   * token is used all the same: a store that takes nothing must not cost call after call. Whoever waits is not kept by a
   * slow store: the lease stays with the write until that is done.
   */
  async #share(
    { newerThan, patience }: SharedCall,
    lease: TokenLease,
    renewed: RenewedToken,
    isSuperseded: boolean,
  ): Promise<RenewedToken | 'superseded'> {
    this.#vendorTime.answered(renewed.claims.issuedAtMs, renewed.arrivedAt);
    const ageMs = elapsedMs(renewed.arrivedAt, this.#clock.now());
    const { token, lifeMs, keyFingerprint } = renewed;
    const record = { token, remainingMs: lifeMs - ageMs, ageMs, keyFingerprint };
    const writing = this.#guard.ask('write', this.#guard.patience(), () => lease.write(record));
    void writing.then(() => this.#letGo(lease, record.remainingMs));
    const written = await patience.atMost(writing);
    if (written === false && !isSuperseded) return 'superseded';
    return { ...renewed, fence: written === false || written === LOST ? newerThan : lease.fence };
  }

  /** At its very end a token is in no store that could tell the others what the vendor says: they wait their turn. */
  #letGo(lease: TokenLease, remainingMs: number): void {
    const isEnding = remainingMs <= ASK_FOR_FRESH_EVERY_MS && remainingMs > -END_MARGIN_MS;
    if (isEnding) this.#keptLeases.keep(lease, ASK_FOR_FRESH_EVERY_MS);
    else giveBack(lease);
  }

  /** A store that tells of no change makes followers slower, and nothing else. */
  async #follow(entry: string, waitMs: number): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      const cancel = this.#clock.schedule(waitMs, resolve);
      void Promise.resolve()
        .then(() => this.#store.untilChanged(entry, waitMs))
        .then(
          () => (cancel(), resolve()),
          () => undefined,
        );
    });
    const pause = new Promise<void>((resolve) => {
      this.#clock.schedule(Math.min(SHORTEST_POLL_MS, waitMs), resolve);
    });
    await Promise.all([changed, pause]);
  }
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
