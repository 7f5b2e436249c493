import type { FaultScope } from './fault-scope.js';

/** The same token again and again for the same `expiryMins` and `extId`, as a vendor that caches would send. */
export interface SameTokenFault extends FaultScope {
  readonly kind: 'same-token';
  /** Milliseconds for which an issued token is repeated. Default 300000 (five minutes). */
  readonly forMs?: number;
}

/** A token that has expired on arrival. */
export interface ExpiredTokenFault extends FaultScope {
  readonly kind: 'expired-token';
  /** Seconds since it expired, 0 or more; default 60. */
  readonly expiredForS?: number;
}

/** A token of another life than the one asked for: short, or absurdly long. */
export interface TokenLifeFault extends FaultScope {
  readonly kind: 'token-life';
  /** Seconds from `iat` to `exp`, 1 or more. */
  readonly lifeS: number;
}

/** A token that was issued some time ago and has only the rest of its life left. */
export interface AgedTokenFault extends FaultScope {
  readonly kind: 'aged-token';
  /** Seconds since it was issued, 0 or more. */
  readonly ageS: number;
}

/** Lives that shrink from token to token, whatever `expiryMins` asks for. */
export interface ShrinkingLifeFault extends FaultScope {
  readonly kind: 'shrinking-life';
  /** Minutes the first token lives; default 60. */
  readonly fromMins?: number;
  /** Minutes below which no life shrinks; default 30. */
  readonly toMins?: number;
  /** Minutes that each token lives less than the one before; default 10. */
  readonly stepMins?: number;
}

/** A token that never says when it ends. */
export interface TokenWithoutExpFault extends FaultScope {
  readonly kind: 'token-without-exp';
}

/** A token that does not say when it was issued. */
export interface TokenWithoutIatFault extends FaultScope {
  readonly kind: 'token-without-iat';
}

/** Claims that replace or join the token's own; correctly signed. */
export interface WrongClaimsFault extends FaultScope {
  readonly kind: 'wrong-claims';
  /** Any JSON values, e.g. `{ "exp": "tomorrow" }`. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Something in the token's place that is no JWT. */
export interface GarbageTokenFault extends FaultScope {
  readonly kind: 'garbage-token';
  /** Default: a sentence. */
  readonly token?: string;
}

/** The vendor's clock is wrong: `iat`, `exp`, `Date` and dates in `Retry-After` all move with it. */
export interface WrongClockFault extends FaultScope {
  readonly kind: 'wrong-clock';
  /** Milliseconds it is ahead; negative where it is behind. */
  readonly offsetMs: number;
}

/** No `Date` header. */
export interface NoDateFault extends FaultScope {
  readonly kind: 'no-date';
}

/** A `Date` of the past, as behind a cache. */
export interface CachedDateFault extends FaultScope {
  readonly kind: 'cached-date';
  /** Seconds, 0 or more. */
  readonly ageS: number;
  /** Whether an `Age` header says so. Default `true`; `false` makes it a lie. */
  readonly ageHeader?: boolean;
}

/** The layers of these faults. */
export const TOKEN_FAULT_LAYERS = {
  'same-token': 'reuse',
  'expired-token': 'token',
  'token-life': 'token',
  'aged-token': 'token',
  'shrinking-life': 'token',
  'token-without-exp': 'token',
  'token-without-iat': 'token',
  'wrong-claims': 'token',
  'garbage-token': 'token',
  'wrong-clock': 'clock',
  'no-date': 'date',
  'cached-date': 'date',
} as const;
