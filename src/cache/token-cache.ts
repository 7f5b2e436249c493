import { LRUCache } from 'lru-cache';
import type { Clock, Instant, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { asNudgeAuthError, isNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import type { TokenRequest } from '../source/token-source.js';
import type { NudgeAuthEvents, RenewalReason } from '../telemetry/events.js';
import type { Freshness } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { Demand } from './demand.js';
import { isSharedFailure } from './egress.js';
import {
  LocalRefusal,
  timeout,
  type PublishableToken,
  type Renewal,
  type RenewalOutcome,
  type RenewedToken,
  type TokenRenewer,
} from './renewal.js';
import { TokenEntry } from './token-entry.js';

/** Keys that take turns must not have each other's tokens replaced all the time. */
const ROTATE_FOR_KEY_AFTER_MS = 30 * SECOND_MS;

export interface TokenCacheOptions {
  readonly scope: 'client' | 'user';
  /** `false` holds no tokens; concurrent callers still share a renewal. */
  readonly enabled: boolean;
  readonly rotateAfterMs?: number | undefined;
  readonly minRemainingMs?: number | undefined;
  /** Milliseconds a caller waits for a renewal while the held token is good. */
  readonly maxWaitMs: number;
  readonly maxEntries: number;
  /** Milliseconds a caller waits for a token at most. */
  readonly deadlineMs: number;
  /** What tells this cache's entries from those of others in a shared store. */
  readonly storeScope: readonly string[];
}

export interface CacheRequest extends TokenRequest {
  /** Accepts only a token whose renewal began after this call. */
  readonly forceRefresh?: boolean | undefined;
}

/** A caller's way through the cache. */
interface Visit {
  readonly name: string;
  readonly request: TokenRequest;
  /** Accepts only what was fetched after this place in the cache's order; 0 accepts everything. */
  readonly after: number;
  readonly deadline: Deadline;
}

function nameOf({ expiryMins, extId }: TokenRequest): string {
  return extId === undefined ? String(expiryMins) : `${expiryMins}:${extId}`;
}

/** The reverse of {@link nameOf}. */
function requestNamed(name: string): TokenRequest {
  const border = name.indexOf(':');
  const expiryMins = Number.parseInt(name, 10);
  return border < 0 ? { expiryMins } : { expiryMins, extId: name.slice(border + 1) };
}

/** On the store's return no process shall spend long on writing. */
const MOST_PUBLISHED = 100;

/** Hands out held tokens, and has them renewed in time: once, however many ask. */
export class TokenCache {
  readonly #renewer: TokenRenewer;
  readonly #options: TokenCacheOptions;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entries: LRUCache<string, TokenEntry>;
  /** Beside the entries, so that an entry that is evicted meanwhile is not fetched twice. */
  readonly #renewals = new Map<string, Renewal>();
  #sequence = 0;
  /** The key that fetched the newest token: tokens of another key are due for renewal. */
  #newestKey: { readonly fingerprint: string; readonly sequence: number } | undefined;
  #isClosed = false;

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
    this.#clock = clock;
    this.#random = random;
    this.#entries = new LRUCache({ max: options.maxEntries });
    renewer.shareOnReturn?.(() => this.#publishable());
  }

  /**
   * A token that still lives for a while: at once where one is held, else after a renewal.
   *
   * @throws {NudgeAuthError} when there is none, at the latest after `deadlineMs`.
   */
  getToken(request: CacheRequest): NudgeToken | Promise<NudgeToken> {
    const name = nameOf(request);
    if (request.forceRefresh !== true && !this.#isClosed) {
      const held = this.#entries.get(name)?.held;
      if (held !== undefined) {
        const now = this.#clock.now();
        if (held.freshness(now) === 'fresh' && !this.#isOfOtherKey(held, now)) {
          this.#events.served('memory');
          return held.handOut(now);
        }
      }
    }
    return this.#visit(name, request);
  }

  /** Lets go of an entry's token: what is held, and what is under way, reaches nobody any more. */
  async invalidate(request: TokenRequest): Promise<void> {
    const name = nameOf(request);
    this.#entries.peek(name)?.drop();
    const underWay = this.#renewals.get(name);
    underWay?.demand.drop();
    this.#events.emit({ type: 'invalidated' });
    await this.#renewer.invalidate?.(this.#storeNameOf(request));
  }

  /** How many tokens are held. */
  get size(): number {
    let count = 0;
    for (const { held } of this.#entries.values()) if (held !== undefined) count += 1;
    return count;
  }

  /** What is held, without the tokens. */
  heldTokens(): {
    readonly expiryMins: number;
    readonly keyFingerprint: string;
    readonly ageMs: number;
    readonly remainingMs: number;
  }[] {
    const now = this.#clock.now();
    return [...this.#entries.entries()].flatMap(([name, { held }]) =>
      held === undefined
        ? []
        : [
            {
              expiryMins: Number.parseInt(name, 10),
              keyFingerprint: held.keyFingerprint,
              ageMs: held.ageMs(now),
              remainingMs: held.remainingMs(now),
            },
          ],
    );
  }

  /** Milliseconds until the vendor may be called again, in client scope for everything that is asked for; 0: now. */
  nextAttemptInMs(): number {
    const entries = this.#options.scope === 'client' ? [...this.#entries.values()] : [];
    const blockedForMs = entries.map((entry) => entry.blockedForMs());
    return Math.max(this.#renewer.refusal()?.retryAfterMs ?? 0, ...blockedForMs);
  }

  /** Takes no more callers, and resolves when everything under way has ended, within `deadlineMs`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#renewer.close?.();
    await Promise.all([...this.#renewals.values()].map(({ settled }) => settled));
    this.#entries.clear();
  }

  async #visit(name: string, { expiryMins, extId, forceRefresh }: CacheRequest): Promise<NudgeToken> {
    const visit: Visit = {
      name,
      request: { expiryMins, extId },
      after: forceRefresh === true ? ++this.#sequence : 0,
      deadline: new Deadline(this.#clock, this.#options.deadlineMs),
    };
    // Callers who insist at the same moment share one renewal: it begins when all of them are here.
    if (forceRefresh === true) await Promise.resolve();
    for (;;) {
      if (this.#isClosed) throw closing();
      const token = (await this.#fromMemory(visit)) ?? (await this.#fromRenewal(visit));
      if (token !== undefined) return token;
      // What came is of no use any more: invalidated meanwhile, older than this caller's wish, or aged by a sleep.
      if (visit.deadline.remainingMs() === 0) throw timeout();
    }
  }

  /** The held token, renewed on the way where its age asks for it. */
  async #fromMemory(visit: Visit): Promise<NudgeToken | undefined> {
    const held = this.#entryOf(visit.name).heldAfter(visit.after);
    if (held === undefined) return undefined;
    const state = this.#freshnessOf(held);
    if (state === 'unusable') return undefined;
    if (state !== 'fresh') {
      const renewal = this.#join(visit, 'rotation');
      const isHopeful = !isNudgeAuthError(renewal) && this.#renewer.refusal() === undefined;
      if (state === 'renew' && isHopeful) await this.#settledWithin(renewal, this.#options.maxWaitMs);
    }
    const best = this.#entryOf(visit.name).heldAfter(visit.after);
    return best === undefined ? undefined : this.#handOut(best, best === held ? 'memory' : 'renewal');
  }

  /** What a renewal brings, waited for as long as the deadline allows; `undefined` when it is not for this caller. */
  async #fromRenewal(visit: Visit): Promise<NudgeToken | undefined> {
    const renewal = this.#join(visit, visit.after > 0 ? 'forced' : 'cold');
    if (isNudgeAuthError(renewal)) throw renewal;
    renewal.demand.raise();
    const outcome = await visit.deadline.race(renewal.settled, timeout);
    if (renewal.demand.isDropped || renewal.sequence < visit.after) return undefined;
    if ('error' in outcome) throw outcome.error;
    // Taken from the store: nobody knows whether it was fetched after this caller insisted.
    if (visit.after > 0 && outcome.from === 'store') return undefined;
    return this.#handOut(outcome.held, 'renewal');
  }

  #handOut(held: HeldToken, from: 'memory' | 'renewal'): NudgeToken | undefined {
    const now = this.#clock.now();
    if (held.freshness(now) === 'unusable') return undefined;
    this.#events.served(from);
    return held.handOut(now);
  }

  #freshnessOf(held: HeldToken): Freshness {
    const now = this.#clock.now();
    const share = this.#renewer.rotateAloneAfterShare?.();
    const state = share === undefined ? held.freshness(now) : held.freshnessAlone(now, share);
    return state === 'fresh' && this.#isOfOtherKey(held, now) ? 'rotate' : state;
  }

  #isOfOtherKey(held: HeldToken, now: Instant): boolean {
    return held.keyFingerprint !== this.#newestKey?.fingerprint && held.ageMs(now) >= ROTATE_FOR_KEY_AFTER_MS;
  }

  /** The renewal under way, or one begun now, or why none may begin. */
  #join({ name, request }: Visit, reason: RenewalReason): Renewal | NudgeAuthError {
    const underWay = this.#renewals.get(name);
    if (underWay !== undefined) return underWay;
    if (this.#isClosed) return closing();
    const entry = this.#entryOf(name);
    return laterOf(entry.refusal(), this.#renewerRefusal(entry)) ?? this.#begin(name, request, entry, reason);
  }

  /** What holds back this process does not hold back the others: now and then it looks for what they have stored. */
  #renewerRefusal(entry: TokenEntry): LocalRefusal | undefined {
    return this.#renewer.isShared === true && entry.isDueForLook ? undefined : this.#renewer.refusal();
  }

  #begin(name: string, request: TokenRequest, entry: TokenEntry, reason: RenewalReason): Renewal {
    const sequence = ++this.#sequence;
    entry.begin();
    const demand = new Demand(reason === 'rotation' ? 'rotation' : 'urgent');
    const settled = this.#renew(name, request, entry, reason, sequence, demand).finally(() =>
      this.#renewals.delete(name),
    );
    const renewal: Renewal = { sequence, demand, settled };
    this.#renewals.set(name, renewal);
    return renewal;
  }

  async #renew(
    name: string,
    request: TokenRequest,
    entry: TokenEntry,
    reason: RenewalReason,
    sequence: number,
    demand: Demand,
  ): Promise<RenewalOutcome> {
    const startedAtMs = this.#clock.now().monotonicMs;
    try {
      const renewed = await this.#renewer.renew({
        entry: this.#storeNameOf(request),
        request,
        reason,
        deadline: new Deadline(this.#clock, this.#options.deadlineMs),
        demand,
        newerThan: entry.fence,
      });
      const held = new HeldToken(renewed, this.#options);
      if (held.freshness(this.#clock.now()) === 'unusable') throw tooShort();
      const isLonger = demand.isDropped || this.#adopt(name, held, sequence, renewed);
      const { from, lifeMs, keyFingerprint, skewMs } = renewed;
      const tookMs = this.#clock.now().monotonicMs - startedAtMs;
      this.#events.emit({ type: 'renewed', reason, from, tookMs, lifeMs, keyFingerprint, skewMs, isLonger });
      return { held, from };
    } catch (error) {
      const failure = asNudgeAuthError(error);
      this.#noteFailure(entry, failure, demand);
      const { code, message } = failure;
      const allBlockedForMs = this.#renewer.refusal()?.retryAfterMs ?? 0;
      const blockedForMs = Math.max(entry.blockedForMs(), allBlockedForMs);
      if (!(failure instanceof LocalRefusal)) {
        const retryInMs = isSharedFailure(code) ? allBlockedForMs : blockedForMs;
        this.#events.emit({ type: 'failed', reason, code, message, retryInMs });
      }
      const retryAfterMs = blockedForMs > 0 ? blockedForMs : failure.retryAfterMs;
      return { error: new NudgeAuthError(code, message, { retryAfterMs, cause: failure.cause }) };
    }
  }

  /**
   * Holds back an entry for its own failure. In user scope also for one that may come of what is special about the user,
   * so that a user whose call always fails is not the first at every try of the whole egress.
   */
  #noteFailure(entry: TokenEntry, failure: NudgeAuthError, { isDropped }: Demand): void {
    if (failure instanceof LocalRefusal) return;
    const { code } = failure;
    const mayBeTheUser = code === 'NUDGE_UNAVAILABLE' || code === 'NUDGE_TIMEOUT';
    if (!isSharedFailure(code)) entry.fail(failure);
    else if (this.#options.scope === 'user' && mayBeTheUser && !isDropped) entry.backOff(failure);
  }

  /** Returns whether the token lives longer than the one before. */
  #adopt(name: string, held: HeldToken, sequence: number, { from, fence }: RenewedToken): boolean {
    if (sequence > (this.#newestKey?.sequence ?? 0)) {
      this.#newestKey = { fingerprint: held.keyFingerprint, sequence };
    }
    return !this.#options.enabled || this.#entryOf(name).adopt(held, from === 'vendor' ? sequence : 0, fence);
  }

  /** What others may need: the tokens used last, while they can be used at all. */
  #publishable(): PublishableToken[] {
    const now = this.#clock.now();
    const list: PublishableToken[] = [];
    for (const [name, entry] of this.#entries.entries()) {
      if (list.length === MOST_PUBLISHED) break;
      const { held } = entry;
      if (held === undefined || held.freshness(now) === 'unusable') continue;
      const { token, keyFingerprint } = held;
      list.push({
        entry: this.#storeNameOf(requestNamed(name)),
        record: { token, keyFingerprint, remainingMs: held.remainingMs(now), ageMs: held.ageMs(now) },
        published: (fence) => entry.published(held, fence),
      });
    }
    return list;
  }

  #storeNameOf({ expiryMins, extId }: TokenRequest): string {
    return JSON.stringify([...this.#options.storeScope, this.#options.scope, expiryMins, extId]);
  }

  #entryOf(name: string): TokenEntry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry = new TokenEntry(this.#clock, this.#random, this.#options.scope === 'user');
    this.#entries.set(name, entry);
    return entry;
  }

  /** Waits for the renewal, but not longer than `waitMs`; how it ended is of no concern here. */
  #settledWithin({ settled }: Renewal, waitMs: number): Promise<unknown> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(waitMs, () => resolve(undefined));
      void settled.then(resolve).finally(cancel);
    });
  }
}

function closing(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', 'The application is closing');
}

/** Of two waits the one that ends later: before that no call is made. */
function laterOf(one: LocalRefusal | undefined, other: LocalRefusal | undefined): LocalRefusal | undefined {
  return (one?.retryAfterMs ?? -1) >= (other?.retryAfterMs ?? -1) ? one : other;
}

function tooShort(): NudgeAuthError {
  return new NudgeAuthError(
    'NUDGE_BAD_RESPONSE',
    'Nudge answered with a token that is expired or about to expire',
  );
}
