import type { RefreshTokenOptions } from './options.js';
import { openSession } from './session.js';

/**
 * The function that the app gives to a Nudge SDK. The app itself calls `reset` and `stop`. No function needs a `this`.
 *
 * @publicApi
 */
export interface RefreshToken {
  /**
   * Returns a valid token, or `null` if there is none now. Never rejects, and takes nine seconds at most. Calls at the
   * same time share one request; most calls get the token from memory.
   */
  (): Promise<string | null>;
  /**
   * Starts again for a user who has just signed in: forgets the held token and every pause, and answers the calls under
   * way with `null`, so that this user gets no token of a former user. Sends no request itself.
   */
  reset(): void;
  /** Signs out: does what `reset()` does, and answers every call with `null` until `reset()`. Leaves no timer. */
  stop(): void;
}

/**
 * Creates the `refreshToken` function that a Nudge SDK calls for tokens. It gets them from the app's own token
 * endpoint.
 *
 * The client holds the token in memory only, and fetches the next one ahead while the app is in use. It asks a failing
 * endpoint less and less often. Meanwhile it returns the held token while that is good, else `null`.
 *
 * @example
 * ```ts
 * const refreshToken = createRefreshToken({
 *   endpoint: '/nudge/token',
 *   headers: async (why) => {
 *     const accessToken = await auth.accessToken({ renew: why === 'unauthorized' });
 *     return accessToken ? { Authorization: `Bearer ${accessToken}` } : null;
 *   },
 * });
 * Nudge.registerRefreshToken(refreshToken);
 * auth.onSignIn(refreshToken.reset);
 * auth.onSignOut(refreshToken.stop);
 * ```
 *
 * @throws TypeError when an option is missing or has the wrong type. The message names the option and the right type.
 * @see https://docs.nudgenow.com/security/authentication
 *
 * @publicApi
 */
export const createRefreshToken = (options: RefreshTokenOptions): RefreshToken => {
  let [ask, close] = openSession(options);
  return Object.assign(() => ask(), {
    reset() {
      close();
      [ask, close] = openSession(options);
    },
    stop() {
      close();
    },
  });
};
