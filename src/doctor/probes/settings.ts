import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../../common/options-error.js';
import { Secret } from '../../common/secret.js';
import { readEnvironmentOptions } from '../../options/environment.js';
import type { ApiKeyOption } from '../../options/api-key-rule.js';
import { nudgeAuthOptions, type NudgeClientScopeOptions } from '../../options/nudge-auth.options.js';
import { variableOf as variableOfRule } from '../../options/option-rules.js';
import { resolveNudgeAuthOptions, type ResolvedNudgeAuthOptions } from '../../options/resolve-options.js';
import { once } from './once.js';

/** The options of the environment, read and checked as the module does. */
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

export const readSettings = once(async ({ request, redaction }): Promise<Settings> => {
  try {
    const options = await withKeysAsText(readEnvironmentOptions(request.environment));
    for (const key of [options.apiKey, options.fallbackApiKey]) {
      if (typeof key === 'string') redaction.conceal(key);
    }
    const resolved = resolveNudgeAuthOptions(options);
    return { problems: [], warnings: resolved.warnings, resolved };
  } catch (error) {
    if (!(error instanceof InvalidNudgeAuthOptionsError)) throw error;
    return { problems: error.problems, warnings: [], resolved: undefined };
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

/** The environment variable of an option; the given path if the option has none. */
export function variableOf(path: string): string {
  const [, rule] = Object.entries(nudgeAuthOptions).find(([option]) => option === path) ?? [];
  return (rule === undefined ? undefined : variableOfRule(rule)?.name) ?? path;
}
