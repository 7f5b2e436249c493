import { fail, pass, warn, type Check } from '../check.js';
import { nameOf, readSettings } from '../probes/settings.js';

const isAboutKeys = (text: string): boolean =>
  /^(NUDGE_(FALLBACK_)?API_KEY|apiKey|fallbackApiKey)/.test(text);

export const optionsCheck: Check = {
  name: 'options',
  group: 'Settings',
  asks: 'the other options of the environment',
  needs: ['tenants', 'tenant-configs'],
  async run(context, signal) {
    const { problems, warnings, resolved } = await readSettings(context, signal);
    const otherProblems = problems.filter(({ path }) => !isAboutKeys(path));
    if (otherProblems.length > 0) {
      return fail(
        otherProblems.map(({ path, message }) => `${nameOf(path, context)} ${message}`).join('; '),
        context.tenant === undefined
          ? 'See docs/options.md of this package for every variable.'
          : 'See docs/options.md of this package for every variable, and docs/tenants.md for what tenants.config may return.',
      );
    }
    const [warning] = warnings.filter((text) => !isAboutKeys(text));
    if (warning !== undefined) {
      return warn(warning, 'Fine inside a service mesh or between containers; use https everywhere else.');
    }
    if (resolved === undefined) return pass('the other options are right');
    return pass(`base URL ${resolved.baseUrl}, tokens of ${resolved.defaultExpiryMins} minutes`);
  },
};
