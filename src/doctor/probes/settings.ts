import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../../common/options-error.js';
import { Secret } from '../../common/secret.js';
import { readEnvironmentOptions } from '../../options/environment.js';
import type { ApiKeyOption, NudgeClientScopeOptions } from '../../options/nudge-auth.options.js';
import { resolveNudgeAuthOptions, type ResolvedNudgeAuthOptions } from '../../options/resolve-options.js';
import { once } from './once.js';

/** What the environment's options come to, as the module itself reads and judges them. */
export interface Settings {
  readonly problems: readonly OptionProblem[];
  readonly warnings: readonly string[];
  /** None where there are problems. */
  readonly resolved: ResolvedNudgeAuthOptions | undefined;
}

/** A key from a file as text: what it looks like is to be judged as well. */
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

/** The options, for checks that need those about them to have passed. */
export const resolvedSettings = once(async (context, signal): Promise<ResolvedNudgeAuthOptions> => {
  const { resolved } = await readSettings(context, signal);
  if (resolved === undefined) throw new Error('The options have problems');
  return resolved;
});

/** The API key of the environment. */
export const apiKeyOf = once(async (context, signal): Promise<Secret> => {
  const { apiKey } = await resolvedSettings(context, signal);
  if (!(apiKey instanceof Secret)) throw new Error('The API key is no text');
  return apiKey;
});

/** Variables by the options that they set. */
const VARIABLES: Readonly<Record<string, string>> = {
  apiKey: 'NUDGE_API_KEY',
  fallbackApiKey: 'NUDGE_FALLBACK_API_KEY',
  defaultExpiryMins: 'NUDGE_DEFAULT_EXPIRY_MINS',
  baseUrl: 'NUDGE_BASE_URL',
  allowInsecureBaseUrl: 'NUDGE_ALLOW_INSECURE_BASE_URL',
};

/** The variable that a problem or a warning is about. */
export function variableOf(path: string): string {
  return VARIABLES[path] ?? path;
}
