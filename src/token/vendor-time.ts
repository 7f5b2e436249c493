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
