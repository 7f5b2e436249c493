import { decodeJwt, type DecodedJwt } from '../common/compact-jwt.js';
import { NudgeAuthError } from '../common/errors.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';

/** The longest life that a caller can ask for (`expiryMins` 1440), and so the longest that a token may claim. */
export const LONGEST_TOKEN_LIFETIME_MS = 1440 * MINUTE_MS;

/**
 * A token's claims, in milliseconds of the vendor's clock. They are not verified, because the vendor publishes no keys.
 */
export interface NudgeTokenClaims {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** The header's `alg`. */
  readonly algorithm: string;
  /** The header's `kid`, if it has one. */
  readonly keyId: string | undefined;
}

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

function refuse(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_BAD_RESPONSE', `Nudge answered with an unusable token: ${reason}`);
}

function decode(token: string): DecodedJwt {
  if (!COMPACT_JWS.test(token)) throw refuse('it is not a JWT in compact form');
  const decoded = decodeJwt(token);
  if (decoded === undefined) throw refuse('its header or payload is not JSON');
  return decoded;
}

function epochMs(payload: DecodedJwt['payload'], claim: 'iat' | 'exp'): number {
  const seconds = payload[claim];
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
    throw refuse(`its "${claim}" claim is missing or not a number`);
  }
  return seconds * SECOND_MS;
}

/**
 * Reads the claims of a token, and refuses a token with unusable ones.
 *
 * @throws {NudgeAuthError} `NUDGE_BAD_RESPONSE` when the token is not a JWT, lacks `alg`, `iat` or `exp`, expires
 * before it was issued, or claims to live longer than the vendor's longest `expiryMins`.
 * @see RFC 7519, and https://docs.nudgenow.com/security/authentication for the vendor's claims
 */
export function readClaims(token: string): NudgeTokenClaims {
  const { header, payload } = decode(token);
  const { alg: algorithm, kid: keyId } = header;
  if (typeof algorithm !== 'string') throw refuse('its header names no "alg"');
  const issuedAtMs = epochMs(payload, 'iat');
  const expiresAtMs = epochMs(payload, 'exp');
  if (expiresAtMs <= issuedAtMs) throw refuse('it expires before it was issued');
  if (expiresAtMs - issuedAtMs > LONGEST_TOKEN_LIFETIME_MS) {
    throw refuse('it claims to live longer than 1440 minutes, the longest the vendor offers');
  }
  return {
    issuedAtMs,
    expiresAtMs,
    algorithm,
    keyId: typeof keyId === 'string' ? keyId : undefined,
  };
}
