import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { HeldToken } from '../token/held-token.js';
import { ASK_FOR_FRESH_EVERY_MS, END_MARGIN_MS } from '../token/repeated-token.js';
import { Backoff } from '../vendor/backoff.js';
import { LocalRefusal } from '../vendor/failures.js';

/** A single user must not spend the budget that all users share. */
const CALLS_PER_USER_EVERY_MS = 30 * SECOND_MS;
const TOO_OFTEN = {
  code: 'NUDGE_RATE_LIMITED',
  message: 'A user gets at most one new token in 30 s',
} as const;
/** How often an entry that may not call the vendor looks for a token that another process has stored. */
const LOOK_EVERY_MS = SECOND_MS;

/**
 * The held token of one combination of registration, base URL, scope, `expiryMins` and `extId`, and what is known of its
 * renewal.
 */
export class TokenEntry {
  readonly #clock: Clock;
  readonly #isPerUser: boolean;
  readonly #backoff: Backoff;
  #held: HeldToken | undefined;
  /** The held token's place in the cache's order; 0 when another process fetched it. */
  #heldSequence = 0;
  /** The held token's fence in the store. */
  #fence = 0;
  #beganAt: Instant | undefined;
  /** Set while the vendor repeats a token that ends soon: when the vendor first did so, and how long the token still lived then. */
  #ending: { readonly since: Instant; readonly forMs: number } | undefined;
  #answeredAt: Instant | undefined;
  /** In user scope, the least time between an answer of the vendor and the next call for the same user. */
  #userWaitMs = CALLS_PER_USER_EVERY_MS;
  #lastFailure: NudgeAuthError | undefined;

  constructor(clock: Clock, random: Random, isPerUser: boolean) {
    this.#clock = clock;
    this.#isPerUser = isPerUser;
    this.#backoff = new Backoff(clock, random);
  }

  get held(): HeldToken | undefined {
    return this.#held;
  }

  get fence(): number {
    return this.#fence;
  }

  /** Whether an entry that may not call the vendor may look in the store again. */
  get mayLookInStore(): boolean {
    return this.#beganAt === undefined || elapsedMs(this.#beganAt, this.#clock.now()) >= LOOK_EVERY_MS;
  }

  /** Whether callers are refused because the vendor repeats a token that is about to end or has just ended. */
  get awaitsEnd(): boolean {
    const now = this.#clock.now();
    if (this.#ending !== undefined) return elapsedMs(this.#ending.since, now) < this.#ending.forMs;
    const held = this.#held;
    return held !== undefined && held.usableForMs(now) <= 0 && held.remainingMs(now) > -END_MARGIN_MS;
  }

  /** Returns the held token if its place in the cache's order is `sequence` or later; 0 accepts every token. */
  heldAfter(sequence: number): HeldToken | undefined {
    return this.#heldSequence >= sequence ? this.#held : undefined;
  }

  /** Notes that a renewal begins. */
  begin(): void {
    this.#beganAt = this.#clock.now();
  }

  /**
   * Replaces the held token by the vendor's new one. Returns whether the new token lives longer. If it does not, or if
   * the vendor repeats the old token, the vendor is asked again only after a backoff.
   */
  adopt(token: HeldToken, sequence: number, fence: number): boolean {
    const now = this.#clock.now();
    const former = this.#held;
    const isLonger =
      former === undefined ||
      (token.token !== former.token && token.remainingMs(now) > former.remainingMs(now));
    this.#hold(token, sequence, fence);
    if (isLonger) this.#succeed();
    else {
      const message = 'Nudge answers with a token that lives no longer than the last one';
      this.repeated(token, new NudgeAuthError('NUDGE_BAD_RESPONSE', message));
    }
    return isLonger;
  }

  /** Replaces the held token by one that another process stored, even if it lives no longer, because no call of this process failed. */
  take(token: HeldToken, fence: number): void {
    this.#hold(token, 0, fence);
    this.#succeed();
  }

  /** Notes that the store now holds `token`, if this entry still holds it. */
  published(token: HeldToken, fence: number): void {
    if (this.#held === token) this.#fence = fence;
  }

  /**
   * Drops the held token because it was invalidated. The backoff stays. Until the next fetch this entry accepts no
   * token from the store: the invalidation may not have reached the store.
   */
  drop(): void {
    this.#held = undefined;
    this.#fence = Number.POSITIVE_INFINITY;
  }

  /** Drops the held token; a token that another process stores may replace it. */
  forgetToken(): void {
    this.#held = undefined;
  }

  /**
   * Notes that the vendor answered with a token that lives no longer than the one before, or that ends soon. While the
   * token can be handed out, the pauses between the calls grow. One more call is made when the token can be handed out no
   * longer. From then on until the token's end, the calls follow at short intervals, and the grown pause does not count.
   */
  repeated(token: HeldToken, error: NudgeAuthError): void {
    const now = this.#clock.now();
    const usableForMs = token.usableForMs(now);
    const remainingMs = token.remainingMs(now);
    this.#answeredAt = now;
    this.#lastFailure = error;
    const untilEndMs = remainingMs > 0 ? remainingMs + END_MARGIN_MS / 2 : CALLS_PER_USER_EVERY_MS;
    this.#userWaitMs = Math.min(CALLS_PER_USER_EVERY_MS, untilEndMs);
    if (usableForMs > 0) {
      this.#backoff.fail({ atMostMs: usableForMs });
      return;
    }
    // Set only once: a vendor whose tokens are always about to end must not be asked at short intervals for ever.
    this.#ending ??= { since: now, forMs: remainingMs + END_MARGIN_MS };
    if (!this.awaitsEnd) {
      this.#backoff.fail();
      return;
    }
    this.#backoff.succeed();
    this.#backoff.fail({ atLeastMs: ASK_FOR_FRESH_EVERY_MS, atMostMs: ASK_FOR_FRESH_EVERY_MS });
  }

  /** Notes a failure of this entry alone: the vendor answered, but with no good token. */
  fail(error: NudgeAuthError): void {
    this.#answeredAt = this.#clock.now();
    this.#userWaitMs = CALLS_PER_USER_EVERY_MS;
    this.backOff(error);
  }

  /** Notes a failure that may concern this entry or all entries: this entry gets a backoff, too. */
  backOff(error: NudgeAuthError): void {
    this.#lastFailure = error;
    this.#backoff.fail({ atLeastMs: error.retryAfterMs });
  }

  /** Milliseconds until this entry may be renewed; 0: it may be renewed now. */
  blockedForMs(): number {
    return Math.max(this.#backoff.remainingMs(), this.#userBlockedForMs());
  }

  /** Why this entry may not be renewed now. */
  refusal(): LocalRefusal | undefined {
    const retryAfterMs = this.blockedForMs();
    if (retryAfterMs === 0) return undefined;
    const { code, message } = this.#lastFailure ?? TOO_OFTEN;
    return new LocalRefusal(code, message, { retryAfterMs });
  }

  #hold(token: HeldToken, sequence: number, fence: number): void {
    this.#held = token;
    this.#heldSequence = sequence;
    this.#fence = fence;
  }

  #succeed(): void {
    this.#answeredAt = this.#clock.now();
    this.#userWaitMs = CALLS_PER_USER_EVERY_MS;
    this.#ending = undefined;
    this.#lastFailure = undefined;
    this.#backoff.succeed();
  }

  #userBlockedForMs(): number {
    if (!this.#isPerUser || this.#answeredAt === undefined) return 0;
    return Math.max(0, this.#userWaitMs - elapsedMs(this.#answeredAt, this.#clock.now()));
  }
}
