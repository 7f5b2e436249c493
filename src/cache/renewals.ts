import { Deadline } from '../common/deadline.js';
import type { Clock, Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { asNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { NudgeAuthEvents, RenewalReason } from '../telemetry/events.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { isSharedFailure, LocalRefusal } from '../vendor/failures.js';
import { RenewalPriority } from '../vendor/vendor-call.js';
import type { TokenRenewer } from '../store/renewal.js';
import { requestNamed, type TokenEntries } from './token-entries.js';
import type { TokenEntry } from './token-entry.js';

/** Where two API keys alternate, the one must not cause the tokens of the other to be replaced all the time. */
const ROTATE_FOR_KEY_AFTER_MS = 30 * SECOND_MS;

/** `from` is `'vendor'` if the renewal itself fetched the token. */
type RenewalOutcome =
  { readonly held: HeldToken; readonly from: 'vendor' | 'store' } | { readonly error: NudgeAuthError };

/** A renewal under way. Any number of callers may wait for it. */
interface Renewal {
  /** Its place in the order of the cache: tells whether it began after a certain caller came. */
  readonly sequence: number;
  readonly priority: RenewalPriority;
  /** Never rejects: it may be that no caller waits for it any more. */
  readonly settled: Promise<RenewalOutcome>;
}

export interface RenewalsOptions extends FreshnessPolicy {
  /** `false` holds no tokens; concurrent callers still share a renewal. */
  readonly holdsTokens: boolean;
  /** Milliseconds that a caller waits for a token at most. */
  readonly deadlineMs: number;
  /** Makes this cache's names in a shared store different from the names of other caches. */
  readonly storeScope: readonly string[];
}

/** Renews the tokens of entries. An entry has at most one renewal at a time, and all its callers wait for that one. */
export class Renewals {
  readonly #renewer: TokenRenewer;
  readonly #entries: TokenEntries;
  readonly #options: RenewalsOptions;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  /** Kept outside the entries: an entry that is evicted during its renewal must not be fetched twice. */
  readonly #underWay = new Map<string, Renewal>();
  #sequence = 0;
  /** The API key that fetched the newest token: tokens of another key are due for rotation. */
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

  /** The next place in the order in which renewals begin and forced callers come: a higher number is later. */
  nextPlace(): number {
    return ++this.#sequence;
  }

  /** Returns the renewal under way, else begins one; returns an error when none may begin now. */
  join(name: string, reason: RenewalReason): Renewal | NudgeAuthError {
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    if (this.#isClosed) return closing();
    const entry = this.#entries.of(name);
    return laterOf(entry.refusal(), this.#renewerRefusal(entry)) ?? this.#begin(name, entry, reason);
  }

  /** Drops an entry's renewal under way: no caller gets its token. */
  drop(name: string): void {
    this.#underWay.get(name)?.priority.drop();
  }

  /** Does the same for all entries. */
  dropAll(): void {
    for (const { priority } of this.#underWay.values()) priority.drop();
  }

  /** Whether another API key fetched the newest token, and this token is old enough to be replaced for that reason. */
  isOfOtherKey(held: HeldToken, now: Instant): boolean {
    return held.keyFingerprint !== this.#newestKey?.fingerprint && held.ageMs(now) >= ROTATE_FOR_KEY_AFTER_MS;
  }

  /** An entry's name in a store. */
  storeNameOf({ expiryMins, extId }: TokenRequest): string {
    return JSON.stringify([...this.#options.storeScope, this.#options.scope, expiryMins, extId]);
  }

  /** Begins no more renewals, and resolves when all renewals under way have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#underWay.values()].map(({ settled }) => settled));
  }

  /**
   * Why the renewer may not call Nudge now. With a store, an entry may begin a renewal now and then all the same:
   * another process may have stored a token.
   */
  #renewerRefusal(entry: TokenEntry): LocalRefusal | undefined {
    return this.#renewer.isShared === true && entry.mayLookInStore ? undefined : this.#renewer.refusal();
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
      const newerThan = entry.fence;
      const renewed = await this.#renewer.renew({
        entry: this.storeNameOf(request),
        request,
        reason,
        deadline: new Deadline(this.#clock, this.#options.deadlineMs),
        priority,
        newerThan,
        awaitsEnd: entry.awaitsEnd,
        held: entry.held?.freshness(this.#clock.now()) === 'unusable' ? undefined : entry.held,
      });
      if (renewed.despite !== undefined) this.#reportFailure(entry, reason, renewed.despite);
      const held = new HeldToken(renewed, this.#options);
      if (held.freshness(this.#clock.now()) === 'unusable') {
        tooShortToken = held;
        throw tooShort();
      }
      const { from = 'vendor', fence = newerThan, lifeMs, keyFingerprint, skewMs } = renewed;
      const isLonger = priority.isDropped || this.#adopt(name, held, { sequence, from, fence });
      const tookMs = this.#clock.now().monotonicMs - startedAtMs;
      this.#events.emit({ type: 'renewed', reason, from, tookMs, lifeMs, keyFingerprint, skewMs, isLonger });
      return { held, from };
    } catch (error) {
      const failure = asNudgeAuthError(error);
      if (tooShortToken === undefined) this.#noteFailure(entry, failure, priority);
      else entry.repeated(tooShortToken, failure);
      if (!(failure instanceof LocalRefusal)) this.#reportFailure(entry, reason, failure);
      const { code, message, cause } = failure;
      const blockedForMs = Math.max(entry.blockedForMs(), this.#allBlockedForMs());
      const retryAfterMs = blockedForMs > 0 ? blockedForMs : failure.retryAfterMs;
      return { error: new NudgeAuthError(code, message, { retryAfterMs, cause }) };
    }
  }

  #reportFailure(entry: TokenEntry, reason: RenewalReason, { code, message }: NudgeAuthError): void {
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
   * Makes an entry wait after a failure that concerns this entry alone. In user scope it also waits after a failure
   * that the user's data may have caused: a user whose call always fails must not take every attempt of this process.
   */
  #noteFailure(entry: TokenEntry, failure: NudgeAuthError, { isDropped }: RenewalPriority): void {
    if (failure instanceof LocalRefusal) return;
    const { code } = failure;
    const mayConcernUser = code === 'NUDGE_UNAVAILABLE' || code === 'NUDGE_TIMEOUT';
    if (!isSharedFailure(code)) entry.fail(failure);
    else if (this.#options.scope === 'user' && mayConcernUser && !isDropped) entry.backOff(failure);
  }

  /** Returns whether the vendor's token lives longer than the one before. */
  #adopt(
    name: string,
    held: HeldToken,
    { sequence, from, fence }: { sequence: number; from: 'vendor' | 'store'; fence: number },
  ): boolean {
    if (sequence > (this.#newestKey?.sequence ?? 0)) {
      this.#newestKey = { fingerprint: held.keyFingerprint, sequence };
    }
    if (!this.#options.holdsTokens) return true;
    const entry = this.#entries.of(name);
    if (from === 'vendor') return entry.adopt(held, sequence, fence);
    entry.take(held, fence);
    return true;
  }
}

/** The error for callers who come while the application closes. */
export function closing(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', 'The application is closing');
}

/** Of two refusals, the one that ends later: until then no call is made. */
function laterOf(one: LocalRefusal | undefined, other: LocalRefusal | undefined): LocalRefusal | undefined {
  return (one?.retryAfterMs ?? -1) >= (other?.retryAfterMs ?? -1) ? one : other;
}

function tooShort(): NudgeAuthError {
  return new NudgeAuthError(
    'NUDGE_BAD_RESPONSE',
    'Nudge answered with a token that is expired or about to expire',
  );
}
