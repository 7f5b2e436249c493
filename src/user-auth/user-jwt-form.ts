import { decodeJwt, isBase64Url } from '../common/compact-jwt.js';
import type { UserJwtRefusal } from './user-jwt-refusal.js';
import type { UserJwtHeader } from './user-keys.js';

/** A request of either adapter, as far as it is needed here. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** As much as Node takes for all headers together; nothing longer is worth a look. */
const MAX_HEADER_LENGTH = 16 * 1024;

const BEARER_OR_BARE = /^(?:Bearer\s+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The request's `Authorization`, unless it is too long to be read. */
export function authorizationOf({ headers: { authorization } }: RequestWithHeaders): string | undefined {
  return typeof authorization === 'string' && authorization.length <= MAX_HEADER_LENGTH
    ? authorization
    : undefined;
}

/** The user's JWT: after `Bearer`, or bare as the vendor's sample clients send it. */
export function extractUserJwt(request: RequestWithHeaders): string | undefined {
  return BEARER_OR_BARE.exec(authorizationOf(request)?.trim() ?? '')?.[1];
}

/** RFC 7797 forbids JWTs whose claims are not base64url; a `b64` that says they are changes nothing. */
function isEncodedAsUsual(b64: unknown): boolean {
  return b64 === undefined || b64 === true;
}

/**
 * The header of a JWT that is worth verifying, or why it is not. passport-jwt alone also lets pass signed claims that
 * are no object, the text of one or one behind a byte order mark, JWTs with extensions that must be understood, and
 * several spellings of one signature.
 *
 * @see RFC 7519 §7.2, RFC 7515 §4.1.11, RFC 7797 §7
 */
export function checkForm(jwt: string, algorithms: readonly string[]): UserJwtHeader | UserJwtRefusal {
  const header = decodeJwt(jwt)?.header;
  if (header === undefined || !isBase64Url(jwt.slice(jwt.lastIndexOf('.') + 1))) return 'malformed';
  const { alg, kid, crit, b64 } = header;
  if (typeof alg !== 'string' || crit !== undefined || !isEncodedAsUsual(b64)) return 'malformed';
  if (!algorithms.includes(alg)) return 'algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'malformed';
  return { alg, kid };
}
