import { attempt } from './attempt.js';
import { host } from './host.js';
import type { RefreshTokenHeadersFunction, RefreshTokenOptions } from './options.js';

/** The signed-in user, as the app has last described the user. */
export interface User {
  /** Stays the same when the user's access token rotates, unless `isOpaque`. */
  identity: string;
  /** Whether the identity is only the text of the headers, which changes with the access token. */
  isOpaque: boolean;
  /** The headers as JSON: easy to compare, and a copy that the app cannot change. */
  headers: string;
}

/** Returns the `iss` and `sub` of a JWT; a falsy value if the text is not a JWT, or is one that cannot be read here. */
const readJwtIdentity = (text: string): string | undefined =>
  attempt(() => {
    const base64 = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const { iss, sub } = JSON.parse(host.atob(base64)) as { iss: unknown; sub?: string };
    return sub && JSON.stringify([iss, sub]);
  });

/**
 * Asks the app which user is signed in: calls `getHeaders` once, and `getIdentity` before and after it. Resolves to
 * `null` if no user is signed in or if the user has changed meanwhile; rejects as those functions do.
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
