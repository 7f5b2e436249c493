import { describe, expect, it } from '@jest/globals';
import { Agent } from 'node:https';
import { inspect } from 'node:util';
import {
  API_KEY as apiKey,
  problemsOf,
  warningsOf,
  type Refusal,
} from '../../test/support/option-problems.js';
import { Sealed } from '../common/sealed.js';
import { Secret } from '../common/secret.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';

const OPTIONS_MUST = 'must be an object: what forRoot is given, or what the options factory returns';
const UNKNOWN = 'is not an option: remove it or check its spelling';
const meant = (name: string): string => `is not an option: did you mean ${name}?`;
const LONG_NAME = 'apiKey'.repeat(1_000);
const STATIC = 'must be known before factories run: put it beside useFactory, not into what it returns';
const MINUTES = 'must be a whole number of minutes from 30 to 1440 (environment: NUDGE_DEFAULT_EXPIRY_MINS)';
const DEADLINE =
  'must be a whole number of milliseconds from 1000 to 9000: mobile SDKs give up after ten seconds, so an answer must be there before';
const PROXY_MUST =
  "must be false or an object such as { protocol: 'http', host: 'proxy.example', port: 8080 }";
const USER_ID_MUST = "must be a function in scope 'user', such as (user) => user.id, of the verified user";
const CALLS = 'must be a whole number of calls from 1 to 1200 (the vendor allows 1200 per IP address)';

describe('resolveNudgeAuthOptions', () => {
  describe('refuses', () => {
    it.each<Refusal>([
      ['undefined', undefined, 'options', OPTIONS_MUST],
      ['a bare key', apiKey, 'options', OPTIONS_MUST],
      ['a list', [{ apiKey }], 'options', OPTIONS_MUST],
      ['an unknown option', { apiKey, apikey: 'x' }, 'apikey', meant('apiKey')],
      ['an unknown option of http', { apiKey, http: { timeout: 5 } }, 'http.timeout', meant('timeoutMs')],
      [
        'an unknown option of tenants',
        { tenants: { id: () => 'acme', config: () => undefined, maxTenant: 5 } },
        'tenants.maxTenant',
        meant('maxTenants'),
      ],
      [
        'other words for an option',
        { apiKey, expiryMinutes: 60 },
        'expiryMinutes',
        meant('defaultExpiryMins'),
      ],
      ['two letters the wrong way round', { apiKey, bugdet: {} }, 'bugdet', meant('budget')],
      ['an option like no other', { apiKey, zzz: 1 }, 'zzz', UNKNOWN],
      ['an option with a very long name', { apiKey, [LONG_NAME]: 1 }, LONG_NAME, UNKNOWN],
      ['an unknown option of cache', { apiKey, cache: { ttlMs: 5 } }, 'cache.ttlMs', UNKNOWN],
      ['an endpoint from a factory', { apiKey, endpoint: false }, 'endpoint', STATIC],
      ['a name from a factory', { apiKey, name: 'emea' }, 'name', STATIC],

      ['29 minutes', { apiKey, defaultExpiryMins: 29 }, 'defaultExpiryMins', MINUTES],
      ['1441 minutes', { apiKey, defaultExpiryMins: 1441 }, 'defaultExpiryMins', MINUTES],
      ['60.5 minutes', { apiKey, defaultExpiryMins: 60.5 }, 'defaultExpiryMins', MINUTES],
      ['NaN minutes', { apiKey, defaultExpiryMins: Number.NaN }, 'defaultExpiryMins', MINUTES],
      [
        '"60" minutes',
        { apiKey, defaultExpiryMins: '60' },
        'defaultExpiryMins',
        MINUTES.replace('1440', '1440, given as a number: this is text'),
      ],

      [
        'a negative timeout',
        { apiKey, http: { timeoutMs: -1 } },
        'http.timeoutMs',
        'must be a whole number of milliseconds from 100 to 9000',
      ],
      [
        'a deadline that allows no attempt',
        { apiKey, http: { deadlineMs: 999 } },
        'http.deadlineMs',
        DEADLINE,
      ],
      ['a deadline over nine seconds', { apiKey, http: { deadlineMs: 9_001 } }, 'http.deadlineMs', DEADLINE],
      [
        'six retries',
        { apiKey, http: { maxRetries: 6 } },
        'http.maxRetries',
        'must be a whole number of retries from 0 to 5',
      ],
      ['http that is not an object', { apiKey, http: 3000 }, 'http', 'must be an object'],
      ['a proxy as text', { apiKey, http: { proxy: 'http://proxy.example:8080' } }, 'http.proxy', PROXY_MUST],
      [
        'a proxy without a port',
        { apiKey, http: { proxy: { host: 'proxy.example' } } },
        'http.proxy',
        PROXY_MUST,
      ],
      [
        'an agent that is text',
        { apiKey, http: { httpsAgent: 'keep-alive' } },
        'http.httpsAgent',
        'must be a node:https Agent',
      ],

      ['scope user without extId', { apiKey, scope: 'user' }, 'extId', USER_ID_MUST],
      ['an extId that is not a function', { apiKey, scope: 'user', extId: 'ada' }, 'extId', USER_ID_MUST],
      [
        'an extId in scope client',
        { apiKey, extId: () => 'ada' },
        'extId',
        "has no meaning in scope 'client': remove it, or set scope to 'user'",
      ],
      ['an unknown scope', { apiKey, scope: 'tenant' }, 'scope', "must be 'client' or 'user'"],

      [
        'a budget over the vendor’s limit',
        { apiKey, budget: { callsPerMinute: 1_201 } },
        'budget.callsPerMinute',
        CALLS,
      ],
      ['a budget of no calls', { apiKey, budget: { callsPerMinute: 0 } }, 'budget.callsPerMinute', CALLS],
      [
        'an unknown warm-up',
        { apiKey, warmUp: 'yes' },
        'warmUp',
        "must be false, 'background' or 'required'",
      ],
      ['cache: true', { apiKey, cache: true }, 'cache', 'must be an object, or false to hold no tokens'],
      [
        'a rotation after less than a second',
        { apiKey, cache: { rotateAfterMs: 999 } },
        'cache.rotateAfterMs',
        'must be a whole number of milliseconds from 1000 to 86400000',
      ],
      [
        'a cache of no entries',
        { apiKey, cache: { maxEntries: 0 } },
        'cache.maxEntries',
        'must be a whole number of users from 1 to 10000000',
      ],
      [
        'a store that lacks the methods of a TokenStore',
        { apiKey, store: {} },
        'store',
        'must be a TokenStore: an object that implements its whole contract',
      ],
      [
        'enabled: true',
        { apiKey, enabled: true },
        'enabled',
        'must be a function that returns true or false',
      ],
    ])('%s', (_is, given, path, message) => {
      expect(problemsOf(given)).toEqual({ [path]: message });
    });
  });

  describe('accepts', () => {
    it('an API key alone, and sets every default', () => {
      expect(resolveNudgeAuthOptions({ apiKey })).toEqual({
        apiKey: new Secret(apiKey),
        fallbackApiKey: undefined,
        defaultExpiryMins: 60,
        baseUrl: 'https://main-api.nudgenow.com/api',
        scope: 'client',
        extId: undefined,
        cache: {
          holdsTokens: true,
          rotateAfterMs: undefined,
          minRemainingMs: undefined,
          maxWaitMs: 500,
          maxEntries: 10_000,
        },
        warmUp: false,
        budget: { callsPerMinute: 1000 },
        http: { connection: expect.any(Sealed), timeoutMs: 3000, deadlineMs: 7000, maxRetries: 2 },
        userJwt: undefined,
        store: undefined,
        enabled: undefined,
        alarms: [],
        warnings: [],
      });
    });

    it.each([
      { defaultExpiryMins: 30 },
      { defaultExpiryMins: 1440 },
      { cache: false },
      { cache: { rotateAfterMs: 1000, minRemainingMs: 0, maxWaitMs: 0, maxEntries: 1 } },
      { http: { timeoutMs: 100, deadlineMs: 9000, maxRetries: 0, proxy: false, httpsAgent: new Agent() } },
      { http: { proxy: { host: 'proxy.example', port: 3128, auth: { username: 'a', password: 'b' } } } },
      { warmUp: 'required' },
      { budget: { callsPerMinute: 1200 } },
    ] as object[])('%j', (given) => {
      expect(problemsOf({ apiKey, ...given })).toEqual({});
      expect(warningsOf({ apiKey, ...given })).toEqual([]);
    });

    it('a method as function, and keeps it bound to the given object', () => {
      const given = {
        apiKey,
        prefix: 'u-',
        scope: 'user' as const,
        extId(user: unknown): string {
          return `u-${String(Reflect.get(Object(user), 'id'))}${this.scope}`;
        },
      };
      const { prefix: _, ...options } = given;
      expect(resolveNudgeAuthOptions(options).extId?.({ id: 5 }, undefined)).toBe('u-5user');
    });
  });

  it('returns frozen options that print no secret', () => {
    const secret = 'obviously-fake-user-secret-0123456789';
    const resolved = resolveNudgeAuthOptions({
      apiKey,
      fallbackApiKey: `${apiKey}-2`,
      userJwt: { secret, algorithms: ['HS256'] },
    });
    const printed = inspect(resolved, { depth: null, showHidden: true }) + JSON.stringify(resolved);
    expect(printed).not.toContain(apiKey);
    expect(printed).not.toContain(secret);
    expect(printed).toContain('[redacted]');
    for (const part of [
      resolved,
      resolved.cache,
      resolved.http,
      resolved.budget,
      resolved.userJwt,
      resolved.userJwt?.keys,
      resolved.userJwt?.algorithms,
      resolved.warnings,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});
