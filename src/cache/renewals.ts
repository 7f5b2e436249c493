import { Deadline } from '../common/deadline.js';
import type { Clock, Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { asNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { NudgeAuthEvents, RenewalReason } from '../telemetry/events.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { RenewalPriority } from '../vendor/renewal-priority.js';
import { isSharedFailure } from '../vendor/shared-failure.js';
import { LocalRefusal } from '../vendor/call-refusal.js';
import type { RenewedToken, TokenRenewer } from '../store/renewal.js';
import { requestNamed, type TokenEntries } from './token-entries.js';
import type { TokenEntry } from './token-entry.js';

/** Keys that take turns must not have each other's tokens replaced all the time. */
const ROTATE_FOR_KEY_AFTER_MS = 30 * SECOND_MS;

/** `from` tells whether the token was fetched by the renewal itself. */
type RenewalOutcome =
  { readonly held: HeldToken; readonly from: RenewedToken['from'] } | { readonly error: NudgeAuthError };

/** One renewal under way, which any number of callers wait for. */
interface Renewal {
  /** Its place in the order of everything that the cache began: tells what began after a caller came. */
  readonly sequence: number;
  readonly priority: RenewalPriority;
  /** Never rejects: a failure may find no caller waiting. */
  readonly settled: Promise<RenewalOutcome>;
}

export interface RenewalsOptions extends FreshnessPolicy {
  /** `false` holds no tokens; concurrent callers still share a renewal. */
  readonly enabled: boolean;
  /** Milliseconds a caller waits for a token at most. */
  readonly deadlineMs: number;
  /** What tells this cache's entries from those of others in a shared store. */
  readonly storeScope: readonly string[];
}

/** Renews the tokens of entries: each once at a time, however many wait for it. */
export class Renewals {
  readonly #renewer: TokenRenewer;
  readonly #entries: TokenEntries;
  readonly #options: RenewalsOptions;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  /** Beside the entries, so that an entry that is evicted meanwhile is not fetched twice. */
  readonly #underWay = new Map<string, Renewal>();
  #sequence = 0;
  /** The key that fetched the newest token: tokens of another key are due for renewal. */
  #newestKey: { readonly fingerprint: string; readonly sequence: number } | undefined;
  #isClosed = false;

  constructor(
    renewer: TokenRenewer,
    entries: TokenEntries,
    options: RenewalsOptions,
    events: NudgeAuthEvents,
    clock: Clock,
  ) {
    this.#renewer = renewer;
    this.#entries = entries;
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next place in the order of all that is begun here: what has a higher one began later. */
  nextPlace(): number {
    return ++this.#sequence;
  }

  /** The renewal under way, or one begun now, or why none may begin. */
  join(name: string, reason: RenewalReason): Renewal | NudgeAuthError {
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    if (this.#isClosed) return closing();
    const entry = this.#entries.of(name);
    return laterOf(entry.refusal(), this.#renewerRefusal(entry)) ?? this.#begin(name, entry, reason);
  }

  /** Lets what is under way for an entry reach nobody any more. */
  drop(name: string): void {
    this.#underWay.get(name)?.priority.drop();
  }

  /** The same for all entries. */
  dropAll(): void {
    for (const { priority } of this.#underWay.values()) priority.drop();
  }

  /** Whether another key than this token's fetched the newest one, and this one is old enough to be replaced for it. */
  isOfOtherKey(held: HeldToken, now: Instant): boolean {
    return held.keyFingerprint !== this.#newestKey?.fingerprint && held.ageMs(now) >= ROTATE_FOR_KEY_AFTER_MS;
  }

  /** An entry's name in a store. */
  storeNameOf({ expiryMins, extId }: TokenRequest): string {
    return JSON.stringify([...this.#options.storeScope, this.#options.scope, expiryMins, extId]);
  }

  /** Begins nothing more, and resolves when everything under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#underWay.values()].map(({ settled }) => settled));
  }

  /** What holds back this process does not hold back the others: now and then it looks for what they have stored. */
  #renewerRefusal(entry: TokenEntry): LocalRefusal | undefined {
    return this.#renewer.isShared === true && entry.isDueForLook ? undefined : this.#renewer.refusal();
  }

  #begin(name: string, entry: TokenEntry, reason: RenewalReason): Renewal {
    const sequence = this.nextPlace();
    entry.begin();
    const priority = new RenewalPriority(reason === 'rotation' ? 'rotation' : 'urgent');
    const settled = this.#events.aroundRenewal({ reason }, () =>
      this.#renew(name, entry, reason, sequence, priority).finally(() => this.#underWay.delete(name)),
    );
    const renewal: Renewal = { sequence, priority, settled };
    this.#underWay.set(name, renewal);
    return renewal;
  }

  async #renew(
    name: string,
    entry: TokenEntry,
    reason: RenewalReason,
    sequence: number,
    priority: RenewalPriority,
  ): Promise<RenewalOutcome> {
    const startedAtMs = this.#clock.now().monotonicMs;
    const request = requestNamed(name);
    this.#events.emit({ type: 'renewal-started', reason });
    let tooShortToken: HeldToken | undefined;
    try {
      const renewed = await this.#renewer.renew({
        entry: this.storeNameOf(request),
        request,
        reason,
        deadline: new Deadline(this.#clock, this.#options.deadlineMs),
        priority,
        newerThan: entry.fence,
        awaitsEnd: entry.awaitsEnd,
        held: entry.held?.freshness(this.#clock.now()) === 'unusable' ? undefined : entry.held,
      });
      if (renewed.despite !== undefined) this.#tellOfFailure(entry, reason, renewed.despite);
      const held = new HeldToken(renewed, this.#options);
      if (held.freshness(this.#clock.now()) === 'unusable') {
        tooShortToken = held;
        throw tooShort();
      }
      const isLonger = priority.isDropped || this.#adopt(name, held, sequence, renewed);
      const { from, lifeMs, keyFingerprint, skewMs } = renewed;
      const tookMs = this.#clock.now().monotonicMs - startedAtMs;
      this.#events.emit({ type: 'renewed', reason, from, tookMs, lifeMs, keyFingerprint, skewMs, isLonger });
      return { held, from };
    } catch (error) {
      const failure = asNudgeAuthError(error);
      if (tooShortToken === undefined) this.#noteFailure(entry, failure, priority);
      else entry.repeated(tooShortToken, failure);
      if (!(failure instanceof LocalRefusal)) this.#tellOfFailure(entry, reason, failure);
      const { code, message, cause } = failure;
      const blockedForMs = Math.max(entry.blockedForMs(), this.#allBlockedForMs());
      const retryAfterMs = blockedForMs > 0 ? blockedForMs : failure.retryAfterMs;
      return { error: new NudgeAuthError(code, message, { retryAfterMs, cause }) };
    }
  }

  #tellOfFailure(entry: TokenEntry, reason: RenewalReason, { code, message }: NudgeAuthError): void {
    const allBlockedForMs = this.#allBlockedForMs();
    const retryInMs = isSharedFailure(code)
      ? allBlockedForMs
      : Math.max(entry.blockedForMs(), allBlockedForMs);
    this.#events.emit({ type: 'failed', reason, code, message, retryInMs });
  }

  #allBlockedForMs(): number {
    return this.#renewer.refusal()?.retryAfterMs ?? 0;
  }

  /**
   * Holds back an entry for its own failure. In user scope also for one that may come of what is special about the user,
   * so that a user whose call always fails is not the first at every attempt of this process.
   */
  #noteFailure(entry: TokenEntry, failure: NudgeAuthError, { isDropped }: RenewalPriority): void {
    if (failure instanceof LocalRefusal) return;
    const { code } = failure;
    const mayBeTheUser = code === 'NUDGE_UNAVAILABLE' || code === 'NUDGE_TIMEOUT';
    if (!isSharedFailure(code)) entry.fail(failure);
    else if (this.#options.scope === 'user' && mayBeTheUser && !isDropped) entry.backOff(failure);
  }

  /** Returns whether the vendor's token lives longer than the one before. */
  #adopt(name: string, held: HeldToken, sequence: number, { from, fence }: RenewedToken): boolean {
    if (sequence > (this.#newestKey?.sequence ?? 0)) {
      this.#newestKey = { fingerprint: held.keyFingerprint, sequence };
    }
    if (!this.#options.enabled) return true;
    const entry = this.#entries.of(name);
    if (from === 'vendor') return entry.adopt(held, sequence, fence);
    entry.take(held, fence);
    return true;
  }
}

/** Said to whoever comes when the application ends. */
export function closing(): NudgeAuthError {
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
