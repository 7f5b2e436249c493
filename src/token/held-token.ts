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

/** What must be known of a token to hold it. */
interface HoldableToken {
  readonly token: string;
  readonly claims: { readonly issuedAtMs: number; readonly expiresAtMs: number };
  readonly arrivedAt: Instant;
  readonly lifeMs: number;
  readonly ageOnArrivalMs: number;
  readonly keyFingerprint: string;
}

/** Up to here the two clocks merely tick differently; beyond, the wall clock was set back. */
const CLOCK_JITTER_MS = 10;

/** A token in memory, which knows at every moment what it is good for. */
export class HeldToken {
  readonly token: string;
  /** The API key that fetched it. */
  readonly keyFingerprint: string;
  readonly #arrivedAt: Instant;
  readonly #lifeMs: number;
  readonly #limits: FreshnessLimits;
  /** Handed to one caller after the other: the moments in it stay true while the wall clock is left alone. */
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

  /** Milliseconds since it arrived. */
  ageMs(now: Instant): number {
    return elapsedMs(this.#arrivedAt, now);
  }

  /** Milliseconds it can still be used. */
  remainingMs(now: Instant): number {
    return this.#lifeMs - elapsedMs(this.#arrivedAt, now);
  }

  /** Milliseconds until it has too little left to be handed out; zero or less when that is so by now. */
  usableForMs(now: Instant): number {
    return this.remainingMs(now) - this.#limits.minRemainingMs;
  }

  freshness(now: Instant): Freshness {
    const ageMs = elapsedMs(this.#arrivedAt, now);
    return freshness(ageMs, this.#lifeMs - ageMs, this.#limits);
  }

  /** The same while the others who share the token cannot be reached: rotated late, after a share of its life. */
  freshnessAlone(now: Instant, rotateAfterShare: number): Freshness {
    const state = this.freshness(now);
    const isEarly = elapsedMs(this.#arrivedAt, now) < this.#lifeMs * rotateAfterShare;
    return isEarly && state !== 'unusable' ? 'fresh' : state;
  }

  /** What a caller gets, in the wall clock's present terms. */
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
