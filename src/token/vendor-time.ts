import { elapsedMs, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { LONGEST_TOKEN_LIFETIME_MS, type NudgeTokenClaims } from './claims.js';

/** The times of an answer: when the call was sent, when the answer came, and what its headers say. */
export interface AnswerTiming {
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  /** The `Date` header as it came. */
  readonly date?: string | undefined;
  /** The `Age` header as it came, in seconds. */
  readonly age?: string | undefined;
}

/** The life of a token by this machine's clock. */
export interface VendorTimedLife {
  /** Milliseconds that the token can be used, counted from its arrival. Zero or less means that it came expired. */
  readonly lifeMs: number;
  /** Milliseconds from the moment the vendor issued the token to its arrival. */
  readonly ageOnArrivalMs: number;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` without a usable `Date`. */
  readonly skewMs: number | undefined;
}

/** `Date` shows only whole seconds, so the vendor's clock may be up to one second ahead of it. */
const DATE_RESOLUTION_MS = SECOND_MS;

/** RFC 9111 §4.2.3: a cached answer was made `Age` seconds after its `Date`. */
function serverTimeMs(timing: AnswerTiming): number | undefined {
  const dateMs = timing.date === undefined ? Number.NaN : Date.parse(timing.date);
  if (Number.isNaN(dateMs)) return undefined;
  const ageS = /^\d{1,9}$/.test(timing.age ?? '') ? Number(timing.age) : 0;
  return dateMs + ageS * SECOND_MS;
}

/** A `Date` that is further from `iat` than any token lives must be wrong. */
function isPlausible(serverMs: number, claims: NudgeTokenClaims): boolean {
  return Math.abs(serverMs - claims.issuedAtMs) <= LONGEST_TOKEN_LIFETIME_MS;
}

/**
 * Finds the life of a token by the vendor's clock, so that a wrong clock on either side neither hands out an expired
 * token nor throws a good one away.
 */
export function lifeByVendorTime(claims: NudgeTokenClaims, timing: AnswerTiming): VendorTimedLife {
  const statedMs = serverTimeMs(timing);
  const trustedMs = statedMs !== undefined && isPlausible(statedMs, claims) ? statedMs : undefined;
  // The vendor issues no token ahead of its own clock, so its clock shows `iat` or later.
  const serverNowMs = Math.max(trustedMs ?? timing.sentAt.wallMs, claims.issuedAtMs);
  // Time counts from the sending, because the vendor may have read its clock at any moment until the answer came.
  const travelMs = elapsedMs(timing.sentAt, timing.receivedAt);
  return {
    lifeMs: claims.expiresAtMs - serverNowMs - DATE_RESOLUTION_MS - travelMs,
    ageOnArrivalMs: serverNowMs - claims.issuedAtMs + travelMs,
    skewMs: trustedMs === undefined ? undefined : trustedMs - timing.sentAt.wallMs,
  };
}

/**
 * The earliest time that the vendor's clock can show now. When a process sees a token, the vendor's clock has passed
 * the token's `iat`, and it goes on from there. No wall clock is read, so that a wrong one throws no good token away.
 */
export class LeastVendorTime {
  #seen: { readonly vendorMs: number; readonly monotonicMs: number } | undefined;

  /**
   * The vendor has answered. The new time replaces the old one, because the vendor may have set its clock back since.
   */
  answered(issuedAtMs: number, arrivedAt: Instant): void {
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: arrivedAt.monotonicMs };
  }

  /** A token came from elsewhere, for example from the store. It counts only if it shows a later time. */
  saw(issuedAtMs: number, now: Instant): void {
    if (issuedAtMs <= this.atMs(now)) return;
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: now.monotonicMs };
  }

  /** Epoch milliseconds of the vendor's clock; minus infinity before the first token. */
  atMs(now: Instant): number {
    if (this.#seen === undefined) return Number.NEGATIVE_INFINITY;
    return this.#seen.vendorMs + Math.max(0, now.monotonicMs - this.#seen.monotonicMs);
  }
}
