import * as v from 'valibot';
import type { NudgeAuthExtras } from './module-extras.options.js';
import { API_KEY_IS_MISSING, nudgeAuthOptions } from './nudge-auth.options.js';
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

const IN_CLEAR =
  'would send API keys in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted';

/** Options that a registration with tenants must not have, because each belongs to one account. */
const OF_ONE_ACCOUNT = ['apiKey', 'fallbackApiKey', 'warmUp'] as const;

const checkAccount: RuleBetweenOptions = (given, report) => {
  const { tenants, apiKey, store, allowInsecureBaseUrl } = given;
  if (tenants === undefined) {
    if (apiKey === undefined) report(['apiKey'], API_KEY_IS_MISSING);
    return;
  }
  for (const name of OF_ONE_ACCOUNT) {
    if (given[name] === undefined || given[name] === false) continue;
    report(
      [name],
      'has no meaning beside tenants, because tenants.config returns the accounts (does nudgeAuthConfig set it?): remove one of the two',
    );
  }
  if (typeof store === 'object' && store !== null && typeof Reflect.get(store, 'forTenant') !== 'function') {
    report(['store'], 'cannot keep tenants apart: it must implement forTenant and invalidateAll');
  }
  const urls: unknown = Reflect.get(Object(tenants), 'baseUrls');
  if (!Array.isArray(urls) || allowInsecureBaseUrl === true) return;
  urls.forEach((url: unknown, index) => {
    if (typeof url === 'string' && isInsecure(url)) report(['tenants', 'baseUrls', index], IN_CLEAR);
  });
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
 * Every rule that the options must keep. The messages say what is wrong and how to mend it. They never quote a value,
 * because it may be a secret.
 *
 * @internal
 */
export const nudgeAuthOptionsSchema = optionsOf(
  { ...nudgeAuthOptions, ...misplacedExtras },
  'must be an object: what forRoot is given, or what the options factory returns',
  checkScope,
  checkBaseUrlAccess,
  checkAccount,
);

/** The names of all options. */
export const OPTION_NAMES: readonly string[] = Object.keys(nudgeAuthOptions);
