import type { Clock, Instant, Random } from '../common/clock.js';
import { Deadline, settledWithin } from '../common/deadline.js';
import { isNudgeAuthError } from '../common/errors.js';
import { inOwnContext } from '../common/own-context.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { RequestCounts } from '../telemetry/counts.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { Freshness } from '../token/freshness.js';
import type { HeldToken } from '../token/held-token.js';
import type { NudgeToken } from '../token/nudge-token.js';
import type { PublishableToken, TokenRenewer } from '../store/renewal.js';
import { timeout } from '../vendor/failures.js';
import { publishableTokens } from './publishable-tokens.js';
import { closing, Renewals, type RenewalsOptions } from './renewals.js';
import { nameOf, requestNamed, TokenEntries, type HeldEntry } from './token-entries.js';
import type { SharedRoom } from './shared-room.js';
import { TokenEntry } from './token-entry.js';

export interface TokenCacheOptions extends RenewalsOptions {
  /** Milliseconds that a caller waits for a renewal at most while the held token is good. */
  readonly maxWaitMs: number;
  readonly maxEntries: number;
  /** The bound that the caches of all tenants share; it replaces `maxEntries`. */
  readonly room?: SharedRoom;
  /** How many tokens to write at most when the store is back. */
  readonly mostPublished?: number;
}

interface CacheRequest extends TokenRequest {
  /** Accepts only a token whose renewal began after this call. */
  readonly forceRefresh?: boolean | undefined;
}

/** One caller's request to the cache. */
interface Lookup {
  readonly name: string;
  /** Accepts only a token whose renewal began after this place in the cache's order; 0 accepts every token. */
  readonly after: number;
  readonly deadline: Deadline;
}

/** When the store is back, no process may spend long on writing its tokens. */
const MOST_PUBLISHED = 100;

/** Hands out held tokens, and starts their renewals in time. */
export class TokenCache {
  readonly #renewer: TokenRenewer;
  readonly #options: TokenCacheOptions;
  readonly #events: NudgeAuthEvents;
  readonly #requests: RequestCounts;
  readonly #clock: Clock;
  readonly #entries: TokenEntries;
  readonly #renewals: Renewals;

  constructor(
    renewer: TokenRenewer,
    options: TokenCacheOptions,
    events: NudgeAuthEvents,
    clock: Clock,
    random: Random,
  ) {
    this.#renewer = renewer;
    this.#options = options;
    this.#events = events;
    this.#requests = events.counts.requests;
    this.#clock = clock;
    this.#entries = new TokenEntries(
      options.room ?? options.maxEntries,
      () => new TokenEntry(clock, random, options.scope === 'user'),
    );
    this.#renewals = new Renewals(renewer, this.#entries, options, events, clock);
    renewer.shareOnReturn?.(() => this.#publishable());
  }

  /**
   * Returns a token that still lives for a while: the held one at once, else the one that a renewal brings.
   *
   * @param begunAt when the caller's deadline began. Default: now.
   * @throws {NudgeAuthError} when no token comes, at the latest `deadlineMs` after `begunAt`.
   */
  getToken(request: CacheRequest, begunAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const name = nameOf(request);
    if (request.forceRefresh !== true && !this.#renewals.isClosed) {
      const held = this.#entries.find(name)?.held;
      if (held !== undefined) {
        const now = this.#clock.now();
        if (held.freshness(now) === 'fresh' && !this.#renewals.isOfOtherKey(held, now)) {
          this.#requests.held += 1;
          return held.handOut(now);
        }
      }
    }
    return this.#requests.failed.of(this.#lookUp(name, request.forceRefresh === true, begunAt));
  }

  /** Drops an entry's token: no caller gets the held token, nor the token of a renewal that is under way. */
  async invalidate(request: TokenRequest): Promise<void> {
    const name = nameOf(request);
    this.#entries.peek(name)?.drop();
    this.#renewals.drop(name);
    this.#events.emit({ type: 'invalidated' });
    await inOwnContext(() => this.#renewer.invalidate?.(this.#renewals.storeNameOf(request)));
  }

  /** Does the same for all entries. */
  async invalidateAll(): Promise<void> {
    for (const [, entry] of this.#entries.all()) entry.drop();
    this.#renewals.dropAll();
    this.#events.emit({ type: 'invalidated' });
    await inOwnContext(() => this.#renewer.invalidateAll?.());
  }

  /** Drops all tokens, because another process has invalidated them. The tokens that it stores may replace them. */
  invalidatedElsewhere(): void {
    for (const [, entry] of this.#entries.all()) entry.forgetToken();
    this.#renewals.dropAll();
    this.#events.emit({ type: 'invalidated' });
  }

  /** Evicts all entries. In a shared room, the waits of those that may not be renewed yet are kept. */
  evictAll(): void {
    this.#entries.evictAll();
  }

  /** The number of held tokens. */
  get size(): number {
    return this.#entries.countHeld();
  }

  /** Whether a token is held that can still be handed out. */
  holdsUsable(): boolean {
    return this.#entries.holdsUsable(this.#clock.now());
  }

  /** The held entries, without their tokens. */
  heldTokens(): HeldEntry[] {
    return this.#entries.heldTokens(this.#clock.now());
  }

  /** Milliseconds until the vendor may be called again, in client scope for every entry; 0: it may be called now. */
  nextAttemptInMs(): number {
    const entries = this.#options.scope === 'client' ? this.#entries.all() : [];
    const blockedForMs = entries.map(([, entry]) => entry.blockedForMs());
    return Math.max(this.#renewer.refusal()?.retryAfterMs ?? 0, ...blockedForMs);
  }

  /** Connects to the store (if there is one), so that the first caller need not wait for the connection. */
  open(): void {
    inOwnContext(() => this.#renewer.open?.());
  }

  /** Refuses new callers, and resolves when all renewals under way have ended, within `deadlineMs`. */
  async close(): Promise<void> {
    const ended = this.#renewals.close();
    this.#renewer.close?.();
    await ended;
    this.#entries.clear();
  }

  async #lookUp(name: string, isForced: boolean, begunAt: Instant | undefined): Promise<NudgeToken> {
    const lookup: Lookup = {
      name,
      after: isForced ? this.#renewals.nextPlace() : 0,
      deadline: new Deadline(this.#clock, this.#options.deadlineMs, begunAt),
    };
    // Callers who force a refresh at the same moment share one renewal: it begins after the last of them has come.
    if (isForced) await Promise.resolve();
    for (;;) {
      if (this.#renewals.isClosed) throw closing();
      const token = (await this.#fromMemory(lookup)) ?? (await this.#fromRenewal(lookup));
      if (token !== undefined) return token;
      // This caller cannot use the token that came: it was invalidated meanwhile, its renewal began before the caller
      // forced one, or it ran out while the machine was asleep.
      if (lookup.deadline.remainingMs() === 0) throw timeout();
    }
  }

  /** Returns the held token, and starts its renewal where it is old enough. */
  async #fromMemory(lookup: Lookup): Promise<NudgeToken | undefined> {
    const held = this.#entries.of(lookup.name).heldAfter(lookup.after);
    if (held === undefined) return undefined;
    const state = this.#freshnessOf(held);
    if (state === 'unusable') return undefined;
    if (state !== 'fresh') {
      const renewal = this.#renewals.join(lookup.name, 'rotation');
      const maySucceed = !isNudgeAuthError(renewal) && this.#renewer.refusal() === undefined;
      if (state === 'renew' && maySucceed) {
        await settledWithin(this.#clock, this.#options.maxWaitMs, renewal.settled);
      }
    }
    const current = this.#entries.of(lookup.name).heldAfter(lookup.after);
    if (current === undefined) return undefined;
    const isStale = current === held && state === 'renew';
    return this.#handOut(current, isStale ? 'stale' : current === held ? 'held' : 'waited');
  }

  /** Waits for a renewal until the deadline. Returns its token; `undefined` when this caller cannot use it. */
  async #fromRenewal(lookup: Lookup): Promise<NudgeToken | undefined> {
    const renewal = this.#renewals.join(lookup.name, lookup.after > 0 ? 'forced' : 'cold');
    if (isNudgeAuthError(renewal)) throw renewal;
    renewal.priority.raise();
    const outcome = await lookup.deadline.race(renewal.settled, timeout);
    if (renewal.priority.isDropped || renewal.sequence < lookup.after) return undefined;
    if ('error' in outcome) throw outcome.error;
    // Another process stored this token: it may have fetched it before this caller forced a refresh.
    if (lookup.after > 0 && outcome.from === 'store') return undefined;
    return this.#handOut(outcome.held, 'waited');
  }

  #handOut(held: HeldToken, outcome: 'held' | 'waited' | 'stale'): NudgeToken | undefined {
    const now = this.#clock.now();
    if (held.freshness(now) === 'unusable') return undefined;
    this.#requests[outcome] += 1;
    return held.handOut(now);
  }

  #freshnessOf(held: HeldToken): Freshness {
    const now = this.#clock.now();
    const share = this.#renewer.rotateAloneAfterShare?.();
    const state = share === undefined ? held.freshness(now) : held.freshnessAlone(now, share);
    return state === 'fresh' && this.#renewals.isOfOtherKey(held, now) ? 'rotate' : state;
  }

  /** The tokens that other processes may need: the most recently used ones. */
  #publishable(): PublishableToken[] {
    const entries = this.#entries.all().map(([name, entry]) => ({
      storeName: this.#renewals.storeNameOf(requestNamed(name)),
      entry,
    }));
    const list = [...publishableTokens(entries, () => this.#clock.now())];
    return list.slice(0, this.#options.mostPublished ?? MOST_PUBLISHED);
  }
}
