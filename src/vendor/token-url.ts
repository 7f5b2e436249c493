import type { TokenRequest } from './token-source.js';

const TOKEN_PATH = '/clients/jwt/token';

/**
 * Encodes all but the unreserved characters. A space becomes `%20` and not `+`, because only forms use `+` for a space
 * and a server may read it as a plus sign.
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
 * The URL of a call for a token.
 *
 * @param baseUrl without a trailing slash.
 */
export function tokenUrl(baseUrl: string, { expiryMins, extId }: TokenRequest): string {
  const url = `${baseUrl}${TOKEN_PATH}?expiryMins=${expiryMins}`;
  return extId === undefined ? url : `${url}&extId=${percentEncode(extId)}`;
}
