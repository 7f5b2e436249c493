import { z } from 'zod';
import { functionThat, wholeNumber } from './option-rules.js';

const LEAST_FINGERPRINT_KEY_LENGTH = 32;

/** The rules of the option `tenants`. `baseUrl` is the rule of the option of that name. */
export function tenantsSchema(baseUrl: z.ZodType): z.ZodType {
  return z.strictObject(
    {
      id: functionThat('returns the tenant of the verified user, such as (user) => user.tenantId'),
      config: functionThat("returns a tenant's account, such as (id) => accounts.findById(id)"),
      baseUrls: z.array(baseUrl, { error: 'must be a list of URLs' }).optional(),
      maxTenants: wholeNumber(1, 100_000, 'tenants'),
      configTtlMs: wholeNumber(1_000, 3_600_000, 'milliseconds'),
      logIds: z.boolean({ error: 'must be true or false' }).optional(),
      fingerprintKey: z
        .string({ error: 'must be a string' })
        .min(LEAST_FINGERPRINT_KEY_LENGTH, {
          error: `must have at least ${LEAST_FINGERPRINT_KEY_LENGTH} characters`,
        })
        .optional(),
    },
    {
      error:
        'must be an object such as { id: (user) => user.tenantId, config: (id) => accounts.findById(id) }',
    },
  );
}

/** What a registration with tenants must not have: each of them would belong to one account. */
const OF_ONE_ACCOUNT = ['apiKey', 'fallbackApiKey', 'warmUp'] as const;

/** The problems between `tenants` and the other options, by option. */
export function tenantsProblems(
  options: Readonly<Record<string, unknown>>,
): [path: string, message: string][] {
  if (options['tenants'] === undefined) return [];
  const problems = OF_ONE_ACCOUNT.filter(
    (name) => options[name] !== undefined && (name !== 'warmUp' || options[name] !== false),
  ).map((name): [string, string] => [
    name,
    'has no meaning beside tenants, whose accounts tenants.config tells: remove it (nudgeAuthConfig sets it, too), or remove tenants',
  ]);
  const { store } = options;
  if (typeof store === 'object' && store !== null && !keepsTenantsApart(store)) {
    problems.push(['store', 'cannot keep tenants apart: it must implement forTenant and invalidateAll']);
  }
  return problems;
}

function keepsTenantsApart(store: object): boolean {
  return typeof Reflect.get(store, 'forTenant') === 'function';
}
