import { elapsedMs, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { LONGEST_TOKEN_LIFETIME_MS, type NudgeTokenClaims } from './claims.js';

/** What an answer says about time: when it was asked for and came, and the vendor's own words in its headers. */
export interface AnswerTiming {
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  /** The `Date` header as it came. */
  readonly date?: string | undefined;
  /** The `Age` header as it came, in seconds. */
  readonly age?: string | undefined;
}

/** Where a token stands in this machine's time. */
export interface VendorTimedLife {
  /** Milliseconds the token can still be used, counted from its arrival. Zero or less: it came expired. */
  readonly lifeMs: number;
  /** Milliseconds between the vendor's issuing and the arrival. */
  readonly ageOnArrivalMs: number;
  /** Milliseconds by which the vendor's clock is ahead of this machine's; `undefined` without a usable `Date`. */
  readonly skewMs: number | undefined;
}

/** `Date` has whole seconds only, so the vendor may be up to one second further than it says. */
const DATE_RESOLUTION_MS = SECOND_MS;

/** RFC 9111 §4.2.3: a cached answer was made `Age` seconds after its `Date`. */
function serverTimeMs(timing: AnswerTiming): number | undefined {
  const dateMs = timing.date === undefined ? Number.NaN : Date.parse(timing.date);
  if (Number.isNaN(dateMs)) return undefined;
  const ageS = /^\d{1,9}$/.test(timing.age ?? '') ? Number(timing.age) : 0;
  return dateMs + ageS * SECOND_MS;
}

/** A `Date` further from `iat` than any token lives says nothing about this token's time. */
function isPlausible(serverMs: number, claims: NudgeTokenClaims): boolean {
  return Math.abs(serverMs - claims.issuedAtMs) <= LONGEST_TOKEN_LIFETIME_MS;
}

/**
 * Places a token in this machine's time from the vendor's own clock, so that a wrong clock on either side
 * neither hands out an expired token nor throws a good one away.
 */
export function lifeByVendorTime(claims: NudgeTokenClaims, timing: AnswerTiming): VendorTimedLife {
  const statedMs = serverTimeMs(timing);
  const trustedMs = statedMs !== undefined && isPlausible(statedMs, claims) ? statedMs : undefined;
  // No vendor issues ahead of its own clock: `iat` is the least that the vendor's time can be.
  const serverNowMs = Math.max(trustedMs ?? timing.sentAt.wallMs, claims.issuedAtMs);
  // Counted from the sending, because nobody knows when in between the vendor looked at its clock.
  const travelMs = elapsedMs(timing.sentAt, timing.receivedAt);
  return {
    lifeMs: claims.expiresAtMs - serverNowMs - DATE_RESOLUTION_MS - travelMs,
    ageOnArrivalMs: serverNowMs - claims.issuedAtMs + travelMs,
    skewMs: trustedMs === undefined ? undefined : trustedMs - timing.sentAt.wallMs,
  };
}
