import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../../common/options-error.js';
import { Secret } from '../../common/secret.js';
import { readEnvironmentOptions } from '../../options/environment.js';
import type { ApiKeyOption } from '../../options/api-key-rule.js';
import { nudgeAuthOptions, type NudgeClientScopeOptions } from '../../options/nudge-auth.options.js';
import { variableOf } from '../../options/option-rules.js';
import { resolveNudgeAuthOptions, type ResolvedNudgeAuthOptions } from '../../options/resolve-options.js';
import { accountOf, UnusableOption } from '../../tenants/tenant-account.js';
import type { DoctorContext, TenantToCheck } from '../context.js';
import { once } from './once.js';

/** The options of the environment, or of a tenant, read and checked as the module does. */
export interface Settings {
  readonly problems: readonly OptionProblem[];
  readonly warnings: readonly string[];
  /** `undefined` if there are problems. */
  readonly resolved: ResolvedNudgeAuthOptions | undefined;
}

/** Reads a key that is in a file, so that its form is checked, too. */
async function asText(key: ApiKeyOption | undefined): Promise<string | undefined> {
  return typeof key === 'function' ? key() : key;
}

async function withKeysAsText(options: NudgeClientScopeOptions): Promise<NudgeClientScopeOptions> {
  const apiKey = await asText(options.apiKey);
  const fallbackApiKey = await asText(options.fallbackApiKey);
  return {
    ...options,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(fallbackApiKey === undefined ? {} : { fallbackApiKey }),
  };
}

const KEY_OPTIONS = ['apiKey', 'fallbackApiKey'];

/** The variables that belong to one account. An application with tenants does not read them. */
const KEY_VARIABLES = ['NUDGE_API_KEY', 'NUDGE_FALLBACK_API_KEY'].flatMap((name) => [name, `${name}_FILE`]);

/**
 * The options of the environment, with the account of the tenant.
 *
 * @throws {UnusableOption} if the module would refuse the tenant's config.
 */
function optionsOfTenant(
  environment: NodeJS.ProcessEnv,
  { config, baseUrls }: TenantToCheck,
): NudgeClientScopeOptions {
  const others = Object.entries(environment).filter(([name]) => !KEY_VARIABLES.includes(name));
  const options = readEnvironmentOptions(Object.fromEntries(others));
  const { baseUrl = '', defaultExpiryMins = 0 } = options;
  const account = accountOf(config, { baseUrls, baseUrl, defaultExpiryMins });
  const given = Object.keys(account).filter((option) => Reflect.get(config, option) !== undefined);
  return { ...options, ...Object.fromEntries(given.map((option) => [option, Reflect.get(config, option)])) };
}

function problemsIn(error: unknown): readonly OptionProblem[] {
  if (error instanceof InvalidNudgeAuthOptionsError) return error.problems;
  if (error instanceof UnusableOption) return [{ path: error.option, message: error.problem }];
  throw error;
}

export const readSettings = once(async ({ request, redaction, tenant }): Promise<Settings> => {
  try {
    const options =
      tenant === undefined
        ? await withKeysAsText(readEnvironmentOptions(request.environment))
        : optionsOfTenant(request.environment, tenant);
    for (const key of [options.apiKey, options.fallbackApiKey]) {
      if (typeof key === 'string') redaction.conceal(key);
    }
    const resolved = resolveNudgeAuthOptions(options);
    return { problems: [], warnings: resolved.warnings, resolved };
  } catch (error) {
    return { problems: problemsIn(error), warnings: [], resolved: undefined };
  }
});

/** The resolved options. Only for checks that need the checks of the options. */
export const resolvedSettings = once(async (context, signal): Promise<ResolvedNudgeAuthOptions> => {
  const { resolved } = await readSettings(context, signal);
  if (resolved === undefined) throw new Error('The options have problems');
  return resolved;
});

/** The API key of the environment. */
export const apiKeyOf = once(async (context, signal): Promise<Secret> => {
  const { apiKey } = await resolvedSettings(context, signal);
  if (!(apiKey instanceof Secret)) throw new Error('The API key is not a string');
  return apiKey;
});

/** What the user knows an option by: its environment variable, or its name in the tenant's config. */
export function nameOf(path: string, { tenant }: DoctorContext): string {
  const isInConfig = tenant !== undefined && (KEY_OPTIONS.includes(path) || path in tenant.config);
  if (isInConfig) return path;
  const [, rule] = Object.entries(nudgeAuthOptions).find(([option]) => option === path) ?? [];
  return (rule === undefined ? undefined : variableOf(rule)?.name) ?? path;
}
