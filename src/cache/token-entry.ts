import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { HeldToken } from '../token/held-token.js';
import { ASK_FOR_FRESH_EVERY_MS, END_MARGIN_MS } from '../token/repeated-token.js';
import { Backoff } from '../vendor/backoff.js';
import { LocalRefusal } from '../vendor/call-refusal.js';

/** One user must not use up the budget of many. */
const CALLS_PER_USER_EVERY_MS = 30 * SECOND_MS;
const TOO_OFTEN = {
  code: 'NUDGE_RATE_LIMITED',
  message: 'A user gets at most one new token in 30 s',
} as const;
/** How often it is worth looking what other processes have stored. */
const LOOK_EVERY_MS = SECOND_MS;

/** What is known of one entry: registration, base URL, scope, minutes and user. */
export class TokenEntry {
  readonly #clock: Clock;
  readonly #isPerUser: boolean;
  readonly #backoff: Backoff;
  #held: HeldToken | undefined;
  /** When the held token was fetched, in the cache's order; 0 when another process fetched it. */
  #heldSince = 0;
  /** Its order in the store. */
  #fence = 0;
  #beganAt: Instant | undefined;
  /** Since the vendor has repeated a token that is about to end, and until that has ended. */
  #ending: { readonly since: Instant; readonly forMs: number } | undefined;
  #answeredAt: Instant | undefined;
  /** One user may be asked for again after this. */
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

  /** Whether no renewal has begun for a while. */
  get isDueForLook(): boolean {
    return this.#beganAt === undefined || elapsedMs(this.#beganAt, this.#clock.now()) >= LOOK_EVERY_MS;
  }

  /** Whether callers are refused because the vendor repeats a token that has not ended yet, or only just. */
  get awaitsEnd(): boolean {
    const now = this.#clock.now();
    if (this.#ending !== undefined) return elapsedMs(this.#ending.since, now) < this.#ending.forMs;
    const held = this.#held;
    return held !== undefined && held.usableForMs(now) <= 0 && held.remainingMs(now) > -END_MARGIN_MS;
  }

  /** The held token, if it was fetched at or after a place in the cache's order; 0 takes every one. */
  heldAfter(sequence: number): HeldToken | undefined {
    return this.#heldSince >= sequence ? this.#held : undefined;
  }

  /** A renewal begins. */
  begin(): void {
    this.#beganAt = this.#clock.now();
  }

  /**
   * Holds what the vendor gave in place of the old token. Returns whether it brought anything: a vendor that repeats
   * itself, or whose next token lives no longer, is asked again only after a backoff.
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

  /** Holds what another process has stored, however long it lives: the vendor was not asked, and so has not failed. */
  take(token: HeldToken, fence: number): void {
    this.#hold(token, 0, fence);
    this.#succeed();
  }

  /** The held token is in the store by now, if it is held still. */
  published(token: HeldToken, fence: number): void {
    if (this.#held === token) this.#fence = fence;
  }

  /**
   * Lets go of the held token. Backoff stays: the vendor is no better for it. Nothing that is in a store will do before
   * the next fetch: the store may not have heard of the invalidation.
   */
  drop(): void {
    this.#held = undefined;
    this.#fence = Number.POSITIVE_INFINITY;
  }

  /** Lets go of the held token; what another process stores may take its place. */
  letGo(): void {
    this.#held = undefined;
  }

  /**
   * The vendor answered with a token that is no better than the one before, or about to end. It is asked again less and
   * less often while callers can be served with it, when it cannot be handed out any more, and then until its end at
   * short intervals, whatever the backoff has grown to.
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
    // Once, so that a vendor whose tokens are always about to end is not asked so often for ever.
    this.#ending ??= { since: now, forMs: remainingMs + END_MARGIN_MS };
    if (!this.awaitsEnd) {
      this.#backoff.fail();
      return;
    }
    this.#backoff.succeed();
    this.#backoff.fail({ atLeastMs: ASK_FOR_FRESH_EVERY_MS, atMostMs: ASK_FOR_FRESH_EVERY_MS });
  }

  /** A failure that is about this entry alone: the vendor answered, though not well. */
  fail(error: NudgeAuthError): void {
    this.#answeredAt = this.#clock.now();
    this.#userWaitMs = CALLS_PER_USER_EVERY_MS;
    this.backOff(error);
  }

  /** A failure that may or may not be about this entry: it waits by itself, too. */
  backOff(error: NudgeAuthError): void {
    this.#lastFailure = error;
    this.#backoff.fail({ atLeastMs: error.retryAfterMs });
  }

  /** Milliseconds until this entry may be renewed; 0 when it may be now. */
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

  #hold(token: HeldToken, since: number, fence: number): void {
    this.#held = token;
    this.#heldSince = since;
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
