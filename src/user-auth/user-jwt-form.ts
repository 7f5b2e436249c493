import { decodeJwt, isBase64Url } from '../common/compact-jwt.js';
import type { UserJwtRefusal } from './user-jwt-refusal.js';
import type { UserJwtHeader } from './user-keys.js';

/** The part of a request of Express or Fastify that is used here. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Node accepts this much for all headers together. A longer header is ignored. */
const MAX_HEADER_LENGTH = 16 * 1024;

const BEARER_OR_BARE = /^(?:Bearer\s+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The request's `Authorization` header, unless it is too long. */
export function authorizationOf({ headers: { authorization } }: RequestWithHeaders): string | undefined {
  return typeof authorization === 'string' && authorization.length <= MAX_HEADER_LENGTH
    ? authorization
    : undefined;
}

/** The user's JWT: after `Bearer`, or bare, as the vendor's sample clients send it. */
export function extractUserJwt(request: RequestWithHeaders): string | undefined {
  return BEARER_OR_BARE.exec(authorizationOf(request)?.trim() ?? '')?.[1];
}

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
