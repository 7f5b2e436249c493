import type { RefreshTokenOptions } from './options.js';
import { openSession } from './session.js';

/**
 * The function that a Nudge SDK is given; `reset` and `stop` are the app's. None of the three needs a `this`.
 *
 * @publicApi
 */
export interface RefreshToken {
  /**
   * A valid token, or `null` if there is none now. Never rejects, and takes nine seconds at the longest; calls at the
   * same time share one request, and most are answered from memory.
   */
  (): Promise<string | null>;
  /**
   * Starts afresh for a user who has just signed in: forgets the held token and every pause, and answers what is under
   * way with `null`, so that nothing of a former user reaches this one. Sends nothing by itself.
   */
  reset(): void;
  /** Signs out: as `reset()`, and every later call is answered with `null` until then; no timer or listener is left. */
  stop(): void;
}

/**
 * Gives the `refreshToken` function that a Nudge SDK asks for tokens, fed by the app's own token endpoint.
 *
 * The token is held in memory only, and the next one is fetched ahead while the app is in use. A failing endpoint is
 * asked less and less often; every failure ends as the held token, while that is good, or as `null`.
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
 * @throws TypeError when an option is missing or of the wrong type; the message names it and its mend.
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
