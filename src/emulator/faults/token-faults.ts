import * as v from 'valibot';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import { text } from '../fields.js';
import { jsonObject, milliseconds, minutes, positiveSeconds, seconds } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultKinds, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * The same token again and again for the same account, `expiryMins` and `extId`, as a vendor that caches would send.
 *
 * @publicApi
 */
export interface SameTokenFault extends FaultScope {
  readonly kind: 'same-token';
  /** Milliseconds for which an issued token is repeated. Default 300000 (five minutes). */
  readonly forMs?: number;
}

/**
 * A token that has expired on arrival.
 *
 * @publicApi
 */
export interface ExpiredTokenFault extends FaultScope {
  readonly kind: 'expired-token';
  /** Seconds since it expired, 0 or more; default 60. */
  readonly expiredForS?: number;
}

/**
 * A token of another life than the one asked for: short, or absurdly long.
 *
 * @publicApi
 */
export interface TokenLifeFault extends FaultScope {
  readonly kind: 'token-life';
  /** Seconds from `iat` to `exp`, 1 or more. */
  readonly lifeS: number;
}

/**
 * A token that was issued some time ago and has only the rest of its life left.
 *
 * @publicApi
 */
export interface AgedTokenFault extends FaultScope {
  readonly kind: 'aged-token';
  /** Seconds since it was issued, 0 or more. */
  readonly ageS: number;
}

/**
 * Lives that shrink from token to token, whatever `expiryMins` asks for.
 *
 * @publicApi
 */
export interface ShrinkingLifeFault extends FaultScope {
  readonly kind: 'shrinking-life';
  /** Minutes the first token lives; default 60. */
  readonly fromMins?: number;
  /** Minutes below which no life shrinks; default 30. */
  readonly toMins?: number;
  /** Minutes that each token lives less than the one before; default 10. */
  readonly stepMins?: number;
}

/**
 * A token that never says when it ends.
 *
 * @publicApi
 */
export interface TokenWithoutExpFault extends FaultScope {
  readonly kind: 'token-without-exp';
}

/**
 * A token that does not say when it was issued.
 *
 * @publicApi
 */
export interface TokenWithoutIatFault extends FaultScope {
  readonly kind: 'token-without-iat';
}

/**
 * Claims that replace or join the token's own; correctly signed.
 *
 * @publicApi
 */
export interface WrongClaimsFault extends FaultScope {
  readonly kind: 'wrong-claims';
  /** Any JSON values, e.g. `{ "exp": "tomorrow" }`. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Something in the token's place that is no JWT.
 *
 * @publicApi
 */
export interface GarbageTokenFault extends FaultScope {
  readonly kind: 'garbage-token';
  /** Default: a sentence. */
  readonly token?: string;
}

/**
 * What a new token says.
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

/** The token that is to be issued. */
export interface TokenOrder {
  /** The vendor's time, epoch seconds. */
  readonly nowS: number;
  /** The life that was asked for. */
  readonly lifeS: number;
  /** How many tokens the same fault has spoilt before. */
  readonly spoiltBefore: number;
}

export type TokenClaims = Readonly<Record<string, unknown>>;

interface TokenFaultKind<Fault> extends FaultKind<Fault> {
  /** The claims to sign, or the text to send in the token's place. */
  write(fault: Fault, order: TokenOrder): TokenClaims | string;
}

const MINUTE_S = MINUTE_MS / SECOND_MS;
const DEFAULT_SAME_TOKEN_MS = 5 * MINUTE_MS;

/** Whether a token is issued anew. The issuer keeps the tokens. */
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
    effect: 'a token of another life than was asked for, short or absurdly long',
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
    effect: 'lives of 60, 50, 40, 30, 30, … minutes, whatever is asked for; `stepMins` is 10',
    write: ({ fromMins = 60, toMins = 30, stepMins = 10 }, { nowS, spoiltBefore }) =>
      claims(nowS, Math.max(toMins, fromMins - spoiltBefore * stepMins) * MINUTE_S),
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
    effect: "claims that replace or join the token's own, signed",
    write: (fault, { nowS, lifeS }) => ({ ...claims(nowS, lifeS), ...fault.claims }),
  },
  'garbage-token': {
    schema: faultSchema('garbage-token', { token: v.optional(text) }),
    example: { kind: 'garbage-token' },
    effect: 'something that is no JWT; `token` changes it',
    write: ({ token = 'this is not a JWT' }) => token,
  },
};

/** Milliseconds for which an issued token is repeated. */
export function repeatForMs(fault: SameTokenFault): number {
  return fault.forMs ?? DEFAULT_SAME_TOKEN_MS;
}

/** The claims to sign, or the text to send in the token's place. Without a fault: as the vendor writes them. */
export function writeToken(order: TokenOrder, fault: TokenFault | undefined): TokenClaims | string {
  if (fault === undefined) return claims(order.nowS, order.lifeS);
  const kind: TokenFaultKind<TokenFault> = TOKEN_FAULTS[fault.kind];
  return kind.write(fault, order);
}

function claims(iat: number, lifeS: number): TokenClaims {
  return { iat, exp: iat + lifeS };
}
