import { describe, expect, it } from '@jest/globals';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import type { NudgeAuthOptions } from './nudge-auth.options.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';

/*
 * `npm run typecheck` proves the first half of what stands here: each marked line must not compile. The tests prove the
 * other half, for hosts that write JavaScript or take options from elsewhere: each stops the boot.
 */

const apiKey = 'obviously-fake-private-key-0123456789';
const account = { apiKey };
const tenants = { id: () => 'acme', config: () => account };
const extId = (): string => 'ada';

const WELL: Record<string, NudgeAuthOptions> = {
  'one account, one token': { apiKey },
  'one account, a token per user': { apiKey, scope: 'user', extId },
  'an account per tenant, one token each': { tenants },
  'an account per tenant, a token per user': { tenants, scope: 'user', extId },
  'a config that may know no such tenant': { tenants: { ...tenants, config: () => undefined } },
  'functions that have to look things up': {
    tenants: { id: async () => 'acme', config: async () => ({ ...account, defaultExpiryMins: 30 }) },
  },
};

const WRONG: Record<string, () => NudgeAuthOptions> = {
  // @ts-expect-error -- whose account would it be?
  'no account at all': () => ({}),
  // @ts-expect-error -- no key belongs to the registration itself
  'a key beside tenants': () => ({ tenants, apiKey }),
  // @ts-expect-error -- nor does a second one
  'a fallback key beside tenants': () => ({ tenants, fallbackApiKey: apiKey }),
  // @ts-expect-error -- there is no first token of all tenants
  'a warm-up beside tenants': () => ({ tenants, warmUp: 'background' }),
  // @ts-expect-error -- there is no default tenant
  'tenants without a way to tell whose a user is': () => ({ tenants: { config: () => account } }),
  // @ts-expect-error -- nor a default account
  'tenants without accounts': () => ({ tenants: { id: () => 'acme' } }),
  // @ts-expect-error -- an id is a string
  'a list in place of tenants': () => ({ tenants: [tenants] }),
  // @ts-expect-error -- in this scope each user has a token, so it must be known whose
  'a token per user without their ids': () => ({ tenants, scope: 'user' }),
  // @ts-expect-error -- in this scope all users of a tenant have the same token
  'ids of users that share a token': () => ({ tenants, extId }),
};

/** What the types alone can prove: the options are right until a function is called. */
const WRONG_ANSWERS: NudgeAuthOptions[] = [
  // @ts-expect-error -- an account has a key
  { tenants: { ...tenants, config: () => ({ baseUrl: 'https://nudge.example/api' }) } },
  // @ts-expect-error -- a key is a string: what else it may be depends on the host
  { tenants: { ...tenants, config: () => ({ apiKey: () => apiKey }) } },
  // @ts-expect-error -- compared exactly, so it must be a string
  { tenants: { ...tenants, id: () => 7 } },
  // @ts-expect-error -- a user without a tenant gets no token: say so by an error of your own
  { tenants: { ...tenants, id: (): string | undefined => undefined } },
];

describe('options with tenants', () => {
  it.each(Object.entries(WELL))('are taken: %s', (_what, options) => {
    expect(resolveNudgeAuthOptions(options).tenants !== undefined).toBe('tenants' in options);
  });

  it.each(Object.entries(WRONG))('neither compile nor boot: %s', (_what, options) => {
    expect(() => resolveNudgeAuthOptions(options())).toThrow(InvalidNudgeAuthOptionsError);
  });

  it('do not compile where their functions answer with something else', () => {
    expect(WRONG_ANSWERS).toHaveLength(4);
  });
});
