import * as v from 'valibot';
import type { NudgeAuthExtras } from './module-extras.options.js';
import { nudgeAuthOptions } from './nudge-auth.options.js';
import { optionsOf, type RuleBetweenOptions } from './option-rules.js';
import { isInsecure } from './plain-http.js';

const checkScope: RuleBetweenOptions = ({ scope, extId, warmUp }, report) => {
  if (scope === 'user' && typeof extId !== 'function') {
    report(['extId'], "must be a function in scope 'user', such as (user) => user.id, of the verified user");
  }
  if (scope !== 'user' && extId !== undefined) {
    report(['extId'], "has no meaning in scope 'client': remove it, or set scope to 'user'");
  }
  if (scope === 'user' && (warmUp === 'background' || warmUp === 'required')) {
    report(['warmUp'], "has no meaning in scope 'user', where every token needs its user: remove it");
  }
};

const checkBaseUrlAccess: RuleBetweenOptions = ({ baseUrl, allowInsecureBaseUrl }, report) => {
  if (typeof baseUrl !== 'string' || !isInsecure(baseUrl) || allowInsecureBaseUrl === true) return;
  report(
    ['baseUrl'],
    'would send the API key in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted',
  );
};

const BESIDE_THE_FACTORY = v.optional(
  v.never('must be known before factories run: put it beside useFactory, not into what it returns'),
);

const misplacedExtras = {
  endpoint: BESIDE_THE_FACTORY,
  isGlobal: BESIDE_THE_FACTORY,
  imports: BESIDE_THE_FACTORY,
  name: BESIDE_THE_FACTORY,
} satisfies Record<keyof NudgeAuthExtras, unknown>;

/**
 * Every rule that the options must keep. Its messages say what is wrong and how to mend it, and quote no value.
 *
 * @internal
 */
export const nudgeAuthOptionsSchema = optionsOf(
  { ...nudgeAuthOptions, ...misplacedExtras },
  'must be an object: what forRoot is given, or what the options factory returns',
  checkScope,
  checkBaseUrlAccess,
);

/** Every option there is. */
export const OPTION_NAMES: readonly string[] = Object.keys(nudgeAuthOptions);
