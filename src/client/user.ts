import { host } from './host.js';
import type { RefreshTokenHeaders, RefreshTokenHeadersFunction, RefreshTokenOptions } from './options.js';

/** The signed-in user, as the app has just described them. */
export interface User {
  /** Equal for the same user: access tokens rotate, users do not. */
  readonly identity: string;
  /** Whether the identity is only the text of the headers, which a new access token changes too. */
  readonly isOpaque: boolean;
  readonly headers: RefreshTokenHeaders;
  /** Equal for the same headers. */
  readonly headersKey: string;
}

/** The `iss` and `sub` of a JWT; `undefined` if there is no `sub`, no JWT, or no means to decode it. */
const readJwtIdentity = (text: string): string | undefined => {
  try {
    const base64 = text.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/');
    const { iss, sub } = JSON.parse(host.atob(base64)) as Record<string, unknown>;
    return sub ? JSON.stringify([iss, sub]) : undefined;
  } catch {
    // The text is identity enough.
    return undefined;
  }
};

/**
 * Asks the app who is signed in: `getHeaders` once, `getIdentity` before and after. Resolves to `null` if no user is, or
 * another than before; rejects as those functions do.
 */
export const readUser = async (
  getHeaders: RefreshTokenHeadersFunction,
  getIdentity: RefreshTokenOptions['identity'],
  why?: 'unauthorized',
): Promise<User | null> => {
  const named = getIdentity?.();
  const headersKey = JSON.stringify((await getHeaders(why)) ?? null);
  // A copy: it is the app's to change no more, and lacks what has no value.
  const headers = JSON.parse(headersKey) as RefreshTokenHeaders | null;
  if (!headers || (getIdentity && (!named || named !== getIdentity()))) return null;
  const text = /"authorization":"(\\.|[^"\\])*/i.exec(headersKey)?.[0] ?? headersKey;
  const known = named ?? readJwtIdentity(text);
  return { identity: known ?? text, isOpaque: !known, headers, headersKey };
};
