import type { Instant } from '../common/clock.js';
import { elapsedMs } from '../common/clock.js';
import {
  freshness,
  freshnessLimits,
  type Freshness,
  type FreshnessLimits,
  type FreshnessPolicy,
} from './freshness.js';
import type { NudgeToken } from './nudge-token.js';

/** What a `HeldToken` needs to know about the fetched token. */
interface HoldableToken {
  readonly token: string;
  readonly claims: { readonly issuedAtMs: number; readonly expiresAtMs: number };
  readonly arrivedAt: Instant;
  readonly lifeMs: number;
  readonly ageOnArrivalMs: number;
  readonly keyFingerprint: string;
}

/** A smaller difference between the two clocks is jitter. A larger one means that the wall clock was set back. */
const CLOCK_JITTER_MS = 10;

/** A token in memory that knows its freshness at every moment. */
export class HeldToken {
  readonly token: string;
  /** Names the API key that fetched the token. */
  readonly keyFingerprint: string;
  readonly #arrivedAt: Instant;
  readonly #lifeMs: number;
  readonly #limits: FreshnessLimits;
  /** What callers get. They all get the same object, because its times stay true until the wall clock is set back. */
  readonly #handout: NudgeToken;

  constructor(fetched: HoldableToken, policy: FreshnessPolicy) {
    this.token = fetched.token;
    this.keyFingerprint = fetched.keyFingerprint;
    this.#arrivedAt = fetched.arrivedAt;
    this.#lifeMs = fetched.lifeMs;
    const lifetimeMs = fetched.claims.expiresAtMs - fetched.claims.issuedAtMs;
    this.#limits = freshnessLimits(policy, fetched.lifeMs, lifetimeMs);
    this.#handout = Object.freeze({
      token: fetched.token,
      issuedAt: Math.floor(fetched.arrivedAt.wallMs - fetched.ageOnArrivalMs),
      expiresAt: Math.floor(fetched.arrivedAt.wallMs + fetched.lifeMs),
    });
  }

  /** Milliseconds since the token arrived. */
  ageMs(now: Instant): number {
    return elapsedMs(this.#arrivedAt, now);
  }

  /** Milliseconds until the token expires. */
  remainingMs(now: Instant): number {
    return this.#lifeMs - elapsedMs(this.#arrivedAt, now);
  }

  /** Milliseconds until the token has too little life left to be handed out. Zero or less means that it has already. */
  usableForMs(now: Instant): number {
    return this.remainingMs(now) - this.#limits.minRemainingMs;
  }

  freshness(now: Instant): Freshness {
    const ageMs = elapsedMs(this.#arrivedAt, now);
    return freshness(ageMs, this.#lifeMs - ageMs, this.#limits);
  }

  /**
   * The freshness while the store cannot be reached. The token counts as fresh until that share of its life has passed.
   */
  freshnessAlone(now: Instant, rotateAfterShare: number): Freshness {
    const state = this.freshness(now);
    const isEarly = elapsedMs(this.#arrivedAt, now) < this.#lifeMs * rotateAfterShare;
    return isEarly && state !== 'unusable' ? 'fresh' : state;
  }

  /** What a caller gets, with times of the wall clock as it stands now. */
  handOut(now: Instant): NudgeToken {
    const setBackMs = now.monotonicMs - this.#arrivedAt.monotonicMs - (now.wallMs - this.#arrivedAt.wallMs);
    if (setBackMs < CLOCK_JITTER_MS) return this.#handout;
    const { token, issuedAt, expiresAt } = this.#handout;
    return Object.freeze({
      token,
      issuedAt: Math.floor(issuedAt - setBackMs),
      expiresAt: Math.floor(expiresAt - setBackMs),
    });
  }
}
