import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import { NudgeAuthError } from '../../common/errors.js';
import { freshnessLimits } from '../../token/freshness.js';
import { fail, pass, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { tokenOfNudge, type VendorToken } from '../probes/vendor-token.js';

/** Nudge issues a new token for each call, so an older token comes from a cache on the way. */
const NOTABLE_AGE_MS = 60 * SECOND_MS;

const REPORT =
  'Something between here and Nudge may have changed the answer. If not, ask Nudge, and report it to this package.';

/** How long the module would serve the token, until it has only `minRemainingMs` left. */
function servedMs({ lifeMs, claims }: VendorToken): number {
  const lifetimeMs = claims.expiresAtMs - claims.issuedAtMs;
  return lifeMs - freshnessLimits({ scope: 'client' }, lifeMs, lifetimeMs).minRemainingMs;
}

export const tokenCheck: Check = {
  name: 'token',
  group: 'Nudge',
  asks: 'whether the token can be used, and its life',
  needs: ['call'],
  reachesNudge: true,
  async run(context, signal) {
    try {
      const token = await tokenOfNudge(context, signal);
      const { claims, lifeMs, ageOnArrivalMs } = token;
      if (servedMs(token) <= 0) {
        const state = lifeMs <= 0 ? `expired ${duration(-lifeMs)} ago` : `lives only for ${duration(lifeMs)}`;
        return fail(`the token ${state}: the module would never hand it out`, REPORT);
      }
      if (ageOnArrivalMs > NOTABLE_AGE_MS) {
        return warn(
          `the token was issued ${duration(ageOnArrivalMs)} ago`,
          'A cache between here and Nudge keeps answers: exclude this call from it. Until then, users get tokens with a shorter life.',
        );
      }
      const kid = claims.keyId === undefined ? 'no kid' : 'with a kid';
      const minutes = Math.round((claims.expiresAtMs - claims.issuedAtMs) / MINUTE_MS);
      return pass(`a token of ${minutes} minutes (${claims.algorithm}, ${kid})`);
    } catch (error) {
      if (error instanceof NudgeAuthError) return fail(error.message, REPORT);
      throw error;
    }
  },
};
