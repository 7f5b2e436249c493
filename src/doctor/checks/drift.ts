import { decodeJwt } from '../../common/compact-jwt.js';
import { MINUTE_MS } from '../../common/durations.js';
import { jsonObjectOf } from '../../vendor/token-call.js';
import { pass, warn, type Check } from '../check.js';
import { resolvedSettings } from '../probes/settings.js';
import { answerOfNudge } from '../probes/vendor-exchange.js';
import { tokenOfNudge, type VendorToken } from '../probes/vendor-token.js';
import { KNOWN_ALGORITHMS, KNOWN_CLAIMS, KNOWN_FIELDS, KNOWN_HEADER_FIELDS } from '../vendor-facts.js';

/** Lists the new names. Shows a name only if it looks like one, and never a value: both may hold any text. */
function newNames(what: string, found: object, known: readonly string[]): string[] {
  const names = Object.keys(found).filter((name) => !known.includes(name));
  const shown = names.map((name) => (/^\w{1,40}$/.test(name) ? name : 'a name that is not shown'));
  return shown.length === 0 ? [] : [`new in ${what}: ${shown.join(', ')}`];
}

function lifeDifference({ claims }: VendorToken, askedMins: number): string[] {
  const minutes = (claims.expiresAtMs - claims.issuedAtMs) / MINUTE_MS;
  return minutes === askedMins
    ? []
    : [`a life of ${Math.round(minutes)} minutes instead of the ${askedMins} that the call asked for`];
}

export const driftCheck: Check = {
  name: 'drift',
  group: 'Nudge',
  asks: 'whether the answer has the form that this package knows',
  needs: ['token'],
  reachesNudge: true,
  async run(context, signal) {
    const { outcome } = await answerOfNudge(context, signal);
    const token = await tokenOfNudge(context, signal);
    const { defaultExpiryMins } = await resolvedSettings(context, signal);
    const { algorithm } = token.claims;
    const jwt = decodeJwt(token.token);
    const news = [
      ...newNames('the answer', jsonObjectOf(outcome) ?? {}, KNOWN_FIELDS),
      ...newNames("the token's header", jwt?.header ?? {}, KNOWN_HEADER_FIELDS),
      ...newNames("the token's claims", jwt?.payload ?? {}, KNOWN_CLAIMS),
      ...(KNOWN_ALGORITHMS.includes(algorithm) ? [] : ['a new algorithm']),
      ...lifeDifference(token, defaultExpiryMins),
    ];
    if (news.length === 0) return pass('as documented');
    return warn(
      `not as documented: ${news.join('; ')}`,
      'Tokens still work. Please report this line to the maintainers of this package: it holds no secret.',
    );
  },
};
