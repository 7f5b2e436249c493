import { Secret } from '../common/secret.js';
import { withoutTrailing } from '../common/without-trailing.js';
import { apiKeyProblem } from '../vendor/api-key-problem.js';
import { baseUrlProblem } from '../options/base-url-rule.js';
import { EXPIRY_MINS_RANGE, isExpiryMins } from '../options/expiry-mins.js';
import { comparableBaseUrl } from '../options/resolve-tenants.js';
import type { TenantConfig } from '../options/tenants.options.js';

/** The checked account of a tenant at Nudge. */
export interface TenantAccount {
  readonly apiKey: Secret;
  readonly fallbackApiKey: Secret | undefined;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly defaultExpiryMins: number;
}

/** The defaults for a tenant's config, and the base URLs that it may name. */
export interface AccountRules {
  readonly baseUrl: string;
  /** In the form of {@link comparableBaseUrl}. */
  readonly baseUrls: readonly string[];
  readonly defaultExpiryMins: number;
}

/** Says what is wrong with the config that `tenants.config` returned. It never quotes the config. */
export class UnusableConfig extends Error {}

/** An option of the config is wrong. `problem` continues the name of the option. */
export class UnusableOption extends UnusableConfig {
  constructor(
    readonly option: keyof TenantConfig,
    readonly problem: string,
  ) {
    super(`has ${option === 'apiKey' ? 'an' : 'a'} ${option} that ${problem}`);
  }
}

/**
 * Checks a config and returns its account.
 *
 * @throws {UnusableConfig} with what is wrong.
 */
export function accountOf(config: unknown, rules: AccountRules): TenantAccount {
  if (typeof config !== 'object' || config === null)
    throw new UnusableConfig('is not an object such as { apiKey }');
  const { apiKey, fallbackApiKey, baseUrl, defaultExpiryMins } = config as Record<string, unknown>;
  return {
    apiKey: keyOf('apiKey', apiKey),
    fallbackApiKey: fallbackApiKey === undefined ? undefined : keyOf('fallbackApiKey', fallbackApiKey),
    baseUrl: baseUrl === undefined ? rules.baseUrl : allowedBaseUrl(baseUrl, rules),
    defaultExpiryMins:
      defaultExpiryMins === undefined ? rules.defaultExpiryMins : expiryMinsOf(defaultExpiryMins),
  };
}

function keyOf(name: 'apiKey' | 'fallbackApiKey', key: unknown): Secret {
  const problem = apiKeyProblem(key);
  if (problem !== undefined || typeof key !== 'string') throw new UnusableOption(name, String(problem));
  return new Secret(key);
}

/** Accepts only the allowed base URLs: a changed row in the host's database must not send a key to another server. */
function allowedBaseUrl(given: unknown, { baseUrls }: AccountRules): string {
  const problem = baseUrlProblem(given);
  if (problem !== undefined) throw new UnusableOption('baseUrl', problem);
  const comparable = comparableBaseUrl(String(given));
  if (!baseUrls.includes(comparable)) {
    throw new UnusableOption('baseUrl', 'is not one of tenants.baseUrls: nothing is sent there');
  }
  return withoutTrailing(comparable, '/');
}

function expiryMinsOf(given: unknown): number {
  if (isExpiryMins(given)) return given;
  throw new UnusableOption('defaultExpiryMins', `is not ${EXPIRY_MINS_RANGE}`);
}
