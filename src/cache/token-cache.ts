import type { Clock, Instant, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { isNudgeAuthError } from '../common/errors.js';
import { inOwnContext } from '../common/own-context.js';
import { settledWithin } from '../common/within.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { RequestCounts } from '../telemetry/counts.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { Freshness } from '../token/freshness.js';
import type { HeldToken } from '../token/held-token.js';
import type { NudgeToken } from '../token/nudge-token.js';
import type { PublishableToken, TokenRenewer } from '../store/renewal.js';
import { timeout } from '../vendor/call-refusal.js';
import { publishableTokens } from './publishable-tokens.js';
import { closing, Renewals, type RenewalsOptions } from './renewals.js';
import { nameOf, requestNamed, TokenEntries, type HeldEntry } from './token-entries.js';
import type { SharedRoom } from './shared-room.js';
import { TokenEntry } from './token-entry.js';

export interface TokenCacheOptions extends RenewalsOptions {
  /** Milliseconds a caller waits for a renewal while the held token is good. */
  readonly maxWaitMs: number;
  readonly maxEntries: number;
  /** Room that the caches of all tenants share, in place of `maxEntries` for this one alone. */
  readonly room?: SharedRoom;
  /** How many tokens to write when the store is back. */
  readonly mostPublished?: number;
}

interface CacheRequest extends TokenRequest {
  /** Accepts only a token whose renewal began after this call. */
  readonly forceRefresh?: boolean | undefined;
}

/** What one caller asks the cache for. */
interface Lookup {
  readonly name: string;
  /** Accepts only what was fetched after this place in the cache's order; 0 accepts everything. */
  readonly after: number;
  readonly deadline: Deadline;
}

/** On the store's return no process shall spend long on writing. */
const MOST_PUBLISHED = 100;

/** Hands out held tokens, and has them renewed in time. */
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
   * A token that still lives for a while: at once where one is held, else after a renewal.
   *
   * @param begunAt when the caller's deadline began. Default: now.
   * @throws {NudgeAuthError} when there is none, at the latest `deadlineMs` after that.
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

  /** Lets go of an entry's token: what is held, and what is under way, reaches nobody any more. */
  async invalidate(request: TokenRequest): Promise<void> {
    const name = nameOf(request);
    this.#entries.peek(name)?.drop();
    this.#renewals.drop(name);
    this.#events.emit({ type: 'invalidated' });
    await inOwnContext(() => this.#renewer.invalidate?.(this.#renewals.storeNameOf(request)));
  }

  /** The same for all entries. */
  async invalidateAll(): Promise<void> {
    for (const [, entry] of this.#entries.all()) entry.drop();
    this.#renewals.dropAll();
    this.#events.emit({ type: 'invalidated' });
    await inOwnContext(() => this.#renewer.invalidateAll?.());
  }

  /** Lets go of all tokens, because another process has invalidated them: what it stores may take their place. */
  letGo(): void {
    for (const [, entry] of this.#entries.all()) entry.letGo();
    this.#renewals.dropAll();
    this.#events.emit({ type: 'invalidated' });
  }

  /** Makes room: forgets all entries but those that have to wait before they may be renewed. */
  evictAll(): void {
    this.#entries.evictAll();
  }

  /** How many tokens are held. */
  get size(): number {
    return this.#entries.countHeld();
  }

  /** Whether a token is held that can still be handed out. */
  holdsUsable(): boolean {
    return this.#entries.holdsUsable(this.#clock.now());
  }

  /** What is held, without the tokens. */
  heldTokens(): HeldEntry[] {
    return this.#entries.heldTokens(this.#clock.now());
  }

  /** Milliseconds until the vendor may be called again, in client scope for everything that is asked for; 0: now. */
  nextAttemptInMs(): number {
    const entries = this.#options.scope === 'client' ? this.#entries.all() : [];
    const blockedForMs = entries.map(([, entry]) => entry.blockedForMs());
    return Math.max(this.#renewer.refusal()?.retryAfterMs ?? 0, ...blockedForMs);
  }

  /** Connects to the store, where there is one: the first caller need not wait for it. */
  open(): void {
    inOwnContext(() => this.#renewer.open?.());
  }

  /** Takes no more callers, and resolves when everything under way has ended, within `deadlineMs`. */
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
    // Callers who insist at the same moment share one renewal: it begins when all of them are here.
    if (isForced) await Promise.resolve();
    for (;;) {
      if (this.#renewals.isClosed) throw closing();
      const token = (await this.#fromMemory(lookup)) ?? (await this.#fromRenewal(lookup));
      if (token !== undefined) return token;
      // What came is of no use any more: invalidated meanwhile, older than this caller's wish, or aged by a sleep.
      if (lookup.deadline.remainingMs() === 0) throw timeout();
    }
  }

  /** The held token, renewed on the way where its age asks for it. */
  async #fromMemory(lookup: Lookup): Promise<NudgeToken | undefined> {
    const held = this.#entries.of(lookup.name).heldAfter(lookup.after);
    if (held === undefined) return undefined;
    const state = this.#freshnessOf(held);
    if (state === 'unusable') return undefined;
    if (state !== 'fresh') {
      const renewal = this.#renewals.join(lookup.name, 'rotation');
      const isHopeful = !isNudgeAuthError(renewal) && this.#renewer.refusal() === undefined;
      if (state === 'renew' && isHopeful) {
        await settledWithin(this.#clock, this.#options.maxWaitMs, renewal.settled);
      }
    }
    const best = this.#entries.of(lookup.name).heldAfter(lookup.after);
    if (best === undefined) return undefined;
    const isStale = best === held && state === 'renew';
    return this.#handOut(best, isStale ? 'stale' : best === held ? 'held' : 'waited');
  }

  /** What a renewal brings, waited for as long as the deadline allows; `undefined` when it is not for this caller. */
  async #fromRenewal(lookup: Lookup): Promise<NudgeToken | undefined> {
    const renewal = this.#renewals.join(lookup.name, lookup.after > 0 ? 'forced' : 'cold');
    if (isNudgeAuthError(renewal)) throw renewal;
    renewal.priority.raise();
    const outcome = await lookup.deadline.race(renewal.settled, timeout);
    if (renewal.priority.isDropped || renewal.sequence < lookup.after) return undefined;
    if ('error' in outcome) throw outcome.error;
    // Taken from the store: nobody knows whether it was fetched after this caller insisted.
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

  /** What others may need: the tokens used last. */
  #publishable(): PublishableToken[] {
    const entries = this.#entries.all().map(([name, entry]) => ({
      storeName: this.#renewals.storeNameOf(requestNamed(name)),
      entry,
    }));
    const list = [...publishableTokens(entries, () => this.#clock.now())];
    return list.slice(0, this.#options.mostPublished ?? MOST_PUBLISHED);
  }
}
