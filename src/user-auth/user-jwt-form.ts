import { decodeJwt, isBase64Url } from '../common/compact-jwt.js';
import type { UserJwtRefusal } from './user-jwt-refusal.js';
import type { UserJwtHeader } from './user-keys.js';

/** RFC 7797 forbids JWTs whose claims are not base64url. `b64: true` states the default. */
function isEncodedAsUsual(b64: unknown): boolean {
  return b64 === undefined || b64 === true;
}

/**
 * The header of a well-formed JWT, or why the JWT is refused. passport-jwt alone would also accept signed claims that
 * are not an object, are a string with JSON in it or follow a byte order mark, JWTs with critical extensions, and
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
