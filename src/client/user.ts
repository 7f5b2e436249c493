import { attempt } from './attempt.js';
import { host } from './host.js';
import type { RefreshTokenHeadersFunction, RefreshTokenOptions } from './options.js';

/** The signed-in user, as the app has described the user last. */
export interface User {
  /** Equal for the same user: access tokens rotate, users do not. */
  identity: string;
  /** Whether the identity is only the text of the headers, which a new access token changes too. */
  isOpaque: boolean;
  /** The headers as JSON: easily compared, and a copy that the app cannot change. */
  headers: string;
}

/** Returns the `iss` and `sub` of a JWT; `undefined` if it is none, has no `sub`, or the platform cannot decode it. */
const readJwtIdentity = (text: string): string | undefined =>
  attempt(() => {
    const base64 = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const { iss, sub } = JSON.parse(host.atob(base64)) as { iss: unknown; sub?: string };
    return sub && JSON.stringify([iss, sub]);
  });

/**
 * Asks the app which user is signed in: `getHeaders` once, `getIdentity` before and after it. Resolves to `null` if no
 * user is, or if the user has changed between; rejects as those functions do.
 */
export const readUser = async (
  getHeaders: RefreshTokenHeadersFunction,
  getIdentity: RefreshTokenOptions['identity'],
  why?: 'unauthorized',
): Promise<User | null> => {
  const named = getIdentity?.();
  const given = await getHeaders(why);
  if (!given || (getIdentity && !named) || named !== getIdentity?.()) return null;
  const headers = JSON.stringify(given);
  const text = headers.match(/"authorization":"(\\.|[^"\\])*/i)?.[0] ?? headers;
  const known = named || readJwtIdentity(text);
  return { identity: known || text, isOpaque: !known, headers };
};
