import { Secret } from '../common/secret.js';
import { withoutTrailing } from '../common/without-trailing.js';
import { MAX_EXPIRY_MINS, MIN_EXPIRY_MINS } from '../options/nudge-auth.options.js';
import { apiKeyProblem } from '../vendor/api-key-problem.js';
import { baseUrlProblem } from '../options/base-url-rule.js';
import { comparableBaseUrl } from '../options/resolve-tenants.js';

/** A tenant's account at Nudge, checked. */
export interface TenantAccount {
  readonly apiKey: Secret;
  readonly fallbackApiKey: Secret | undefined;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly defaultExpiryMins: number;
}

/** What a tenant's config may leave out, and where it may point. */
export interface AccountRules {
  readonly baseUrl: string;
  /** As {@link comparableBaseUrl} has them. */
  readonly baseUrls: readonly string[];
  readonly defaultExpiryMins: number;
}

/** What is wrong with what `tenants.config` returned. Never quotes it. */
export class UnusableConfig extends Error {}

/**
 * The account that a config tells of.
 *
 * @throws {UnusableConfig} that says what is wrong and how to mend it.
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

function keyOf(name: string, key: unknown): Secret {
  const problem = apiKeyProblem(key);
  if (problem !== undefined || typeof key !== 'string')
    throw new UnusableConfig(`has an ${name} that ${problem}`);
  return new Secret(key);
}

/** Exactly one of those allowed: a key must not travel to wherever a database row points. */
function allowedBaseUrl(given: unknown, { baseUrls }: AccountRules): string {
  const problem = baseUrlProblem(given);
  if (problem !== undefined) throw new UnusableConfig(`has a baseUrl that ${problem}`);
  const comparable = comparableBaseUrl(String(given));
  if (!baseUrls.includes(comparable)) {
    throw new UnusableConfig('has a baseUrl that tenants.baseUrls does not allow: nothing is sent there');
  }
  return withoutTrailing(comparable, '/');
}

function expiryMinsOf(given: unknown): number {
  const mins = Number(given);
  if (
    typeof given === 'number' &&
    Number.isInteger(mins) &&
    mins >= MIN_EXPIRY_MINS &&
    mins <= MAX_EXPIRY_MINS
  ) {
    return mins;
  }
  throw new UnusableConfig(
    `has a defaultExpiryMins that is no whole number from ${MIN_EXPIRY_MINS} to ${MAX_EXPIRY_MINS}`,
  );
}
