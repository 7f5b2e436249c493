import * as v from 'valibot';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import { text } from '../fields.js';
import { jsonObject, milliseconds, minutes, positiveSeconds, seconds } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultKinds, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * Repeats the same token for the same account, `expiryMins` and `extId`, as a vendor with a cache would.
 *
 * @publicApi
 */
export interface SameTokenFault extends FaultScope {
  readonly kind: 'same-token';
  /** Milliseconds for which an issued token is repeated. Default 300000 (five minutes). */
  readonly forMs?: number;
}

/**
 * A token that has expired before it arrives.
 *
 * @publicApi
 */
export interface ExpiredTokenFault extends FaultScope {
  readonly kind: 'expired-token';
  /** Seconds since the token expired, 0 or more; default 60. */
  readonly expiredForS?: number;
}

/**
 * A token whose life is not the one that the client asked for: short, or absurdly long.
 *
 * @publicApi
 */
export interface TokenLifeFault extends FaultScope {
  readonly kind: 'token-life';
  /** Seconds from `iat` to `exp`, 1 or more. */
  readonly lifeS: number;
}

/**
 * A token that was issued some time ago, so that only a part of its life is left.
 *
 * @publicApi
 */
export interface AgedTokenFault extends FaultScope {
  readonly kind: 'aged-token';
  /** Seconds since the token was issued, 0 or more. */
  readonly ageS: number;
}

/**
 * Each token lives less than the one before, whatever `expiryMins` asks for.
 *
 * @publicApi
 */
export interface ShrinkingLifeFault extends FaultScope {
  readonly kind: 'shrinking-life';
  /** Minutes that the first token lives; default 60. */
  readonly fromMins?: number;
  /** Minutes of the shortest life; default 30. */
  readonly toMins?: number;
  /** Minutes by which each life is shorter than the one before; default 10. */
  readonly stepMins?: number;
}

/**
 * A token without `exp`.
 *
 * @publicApi
 */
export interface TokenWithoutExpFault extends FaultScope {
  readonly kind: 'token-without-exp';
}

/**
 * A token without `iat`.
 *
 * @publicApi
 */
export interface TokenWithoutIatFault extends FaultScope {
  readonly kind: 'token-without-iat';
}

/**
 * A correctly signed token with other or additional claims.
 *
 * @publicApi
 */
export interface WrongClaimsFault extends FaultScope {
  readonly kind: 'wrong-claims';
  /** Any JSON values, e.g. `{ "exp": "tomorrow" }`. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * A text that is not a JWT, in place of the token.
 *
 * @publicApi
 */
export interface GarbageTokenFault extends FaultScope {
  readonly kind: 'garbage-token';
  /** The text. Default: `this is not a JWT`. */
  readonly token?: string;
}

/**
 * A fault that changes the content of a new token.
 *
 * @publicApi
 */
export type TokenFault =
  | ExpiredTokenFault
  | TokenLifeFault
  | AgedTokenFault
  | ShrinkingLifeFault
  | TokenWithoutExpFault
  | TokenWithoutIatFault
  | WrongClaimsFault
  | GarbageTokenFault;

/** The token to issue. */
export interface TokenOrder {
  /** The vendor's time, epoch seconds. */
  readonly nowS: number;
  /** The life that the client asked for, in seconds. */
  readonly lifeS: number;
  /** How many tokens the same fault has hit before. */
  readonly hitBefore: number;
}

export type TokenClaims = Readonly<Record<string, unknown>>;

interface TokenFaultKind<Fault> extends FaultKind<Fault> {
  /** The claims to sign, or the text to send in place of the token. */
  write(fault: Fault, order: TokenOrder): TokenClaims | string;
}

const MINUTE_S = MINUTE_MS / SECOND_MS;
const DEFAULT_SAME_TOKEN_MS = 5 * MINUTE_MS;

/** The kinds of fault that repeat a token. The issuer keeps the tokens. */
export const REUSE_FAULTS: FaultKinds<SameTokenFault> = {
  'same-token': {
    schema: faultSchema('same-token', { forMs: v.optional(milliseconds) }),
    example: { kind: 'same-token', forMs: 300_000 },
    effect: 'the same token for five minutes, per account, `expiryMins` and `extId`',
  },
};

export const TOKEN_FAULTS: {
  readonly [Kind in TokenFault['kind']]: TokenFaultKind<FaultOf<TokenFault, Kind>>;
} = {
  'expired-token': {
    schema: faultSchema('expired-token', { expiredForS: v.optional(seconds) }),
    example: { kind: 'expired-token', expiredForS: 60 },
    effect: 'a token that has already expired',
    write: ({ expiredForS = MINUTE_S }, { nowS, lifeS }) => claims(nowS - expiredForS - lifeS, lifeS),
  },
  'token-life': {
    schema: faultSchema('token-life', { lifeS: positiveSeconds }),
    example: { kind: 'token-life', lifeS: 90 },
    effect: 'a token with another life than the client asked for, short or absurdly long',
    write: ({ lifeS }, { nowS }) => claims(nowS, lifeS),
  },
  'aged-token': {
    schema: faultSchema('aged-token', { ageS: seconds }),
    example: { kind: 'aged-token', ageS: 600 },
    effect: 'a token that was issued ten minutes ago',
    write: ({ ageS }, { nowS, lifeS }) => claims(nowS - ageS, lifeS),
  },
  'shrinking-life': {
    schema: faultSchema('shrinking-life', {
      fromMins: v.optional(minutes),
      toMins: v.optional(minutes),
      stepMins: v.optional(minutes),
    }),
    example: { kind: 'shrinking-life', fromMins: 60, toMins: 30 },
    effect: 'lives of 60, 50, 40, 30, 30, … minutes, whatever the client asks for; `stepMins` is 10',
    write: ({ fromMins = 60, toMins = 30, stepMins = 10 }, { nowS, hitBefore }) =>
      claims(nowS, Math.max(toMins, fromMins - hitBefore * stepMins) * MINUTE_S),
  },
  'token-without-exp': {
    schema: faultSchema('token-without-exp', {}),
    example: { kind: 'token-without-exp' },
    effect: 'a token without `exp`',
    write: (_, { nowS }) => ({ iat: nowS }),
  },
  'token-without-iat': {
    schema: faultSchema('token-without-iat', {}),
    example: { kind: 'token-without-iat' },
    effect: 'a token without `iat`',
    write: (_, { nowS, lifeS }) => ({ exp: nowS + lifeS }),
  },
  'wrong-claims': {
    schema: faultSchema('wrong-claims', { claims: jsonObject }),
    example: { kind: 'wrong-claims', claims: { exp: 'tomorrow' } },
    effect: 'a signed token with other or additional claims',
    write: (fault, { nowS, lifeS }) => ({ ...claims(nowS, lifeS), ...fault.claims }),
  },
  'garbage-token': {
    schema: faultSchema('garbage-token', { token: v.optional(text) }),
    example: { kind: 'garbage-token' },
    effect: 'a text that is not a JWT; `token` changes it',
    write: ({ token = 'this is not a JWT' }) => token,
  },
};

/** Milliseconds for which the fault repeats a token. */
export function repeatForMs(fault: SameTokenFault): number {
  return fault.forMs ?? DEFAULT_SAME_TOKEN_MS;
}

/** The claims to sign, or the text to send in place of the token. Without a fault: the vendor's normal claims. */
export function writeToken(order: TokenOrder, fault: TokenFault | undefined): TokenClaims | string {
  if (fault === undefined) return claims(order.nowS, order.lifeS);
  const kind: TokenFaultKind<TokenFault> = TOKEN_FAULTS[fault.kind];
  return kind.write(fault, order);
}

function claims(iat: number, lifeS: number): TokenClaims {
  return { iat, exp: iat + lifeS };
}
