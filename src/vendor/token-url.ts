import type { TokenRequest } from './token-source.js';

const TOKEN_PATH = '/clients/jwt/token';

/**
 * Only unreserved characters stand for themselves. A space is `%20`: it is `+` in forms alone, and a server may take a
 * `+` for itself.
 *
 * @see RFC 3986 §2.3
 */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Where a token is asked for.
 *
 * @param baseUrl without a trailing slash.
 */
export function tokenUrl(baseUrl: string, { expiryMins, extId }: TokenRequest): string {
  const url = `${baseUrl}${TOKEN_PATH}?expiryMins=${expiryMins}`;
  return extId === undefined ? url : `${url}&extId=${percentEncode(extId)}`;
}
