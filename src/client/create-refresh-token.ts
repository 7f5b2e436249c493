import type { RefreshTokenOptions } from './options.js';
import { openSession } from './session.js';

/**
 * The function that a Nudge SDK is given; `reset` and `stop` are the app's. None of the three needs a `this`.
 *
 * @publicApi
 */
export interface RefreshToken {
  /**
   * Gives a valid token, or `null` if there is none now. Never rejects, and takes nine seconds at most. Calls at the
   * same time share one request; most calls are answered from memory.
   */
  (): Promise<string | null>;
  /**
   * Starts afresh for a user who has just signed in: forgets the held token and every pause, and answers the calls that
   * are under way with `null`, so that no token of a former user reaches this one. Sends nothing by itself.
   */
  reset(): void;
  /** Signs out: as `reset()`, and answers every call with `null` until `reset()`. Leaves no timer or listener. */
  stop(): void;
}

/**
 * Gives the `refreshToken` function that a Nudge SDK asks for tokens, fed by the app's own token endpoint.
 *
 * The client holds the token in memory only, and fetches the next one ahead while the app is in use. It asks a failing
 * endpoint less and less often, and answers with the held token while that is good, else with `null`.
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
 * @throws TypeError when an option is missing or of the wrong type; the message names it and says what it must be.
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
