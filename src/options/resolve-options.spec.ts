import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { inspect } from 'node:util';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { Sealed } from '../common/sealed.js';
import { Secret } from '../common/secret.js';
import type { NudgeAuthOptions } from './nudge-auth.options.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';

const apiKey = 'obviously-fake-private-key-0123456789';
const secret = 'obviously-fake-user-secret-0123456789';

const spki = { type: 'spki', format: 'pem' } as const;
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: spki,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const ec = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: spki,
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
});
const ed25519 = generateKeyPairSync('ed25519').publicKey;

/** The problems of the options, by path. */
function problemsOf(given: unknown): Record<string, string> {
  try {
    resolveNudgeAuthOptions(given as NudgeAuthOptions);
  } catch (error) {
    if (!(error instanceof InvalidNudgeAuthOptionsError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

function warningsOf(given: NudgeAuthOptions): readonly string[] {
  return resolveNudgeAuthOptions(given).warnings;
}

const OPTIONS_MUST = 'must be an object: what forRoot is given, or what the options factory returns';
const KEY_CURE =
  'set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)';
const URL_MUST =
  'must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)';
const IN_CLEAR =
  'would send the API key in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted';
const MINUTES = 'must be a whole number of minutes from 30 to 1440 (environment: NUDGE_DEFAULT_EXPIRY_MINS)';
const UNKNOWN = 'is not an option: remove it or check its spelling';
const meant = (name: string): string => `is not an option: did you mean ${name}?`;
const PROXY_MUST =
  "must be false or an object such as { protocol: 'http', host: 'proxy.example', port: 8080 }";
const USER_ID_MUST = "must be a function in scope 'user', such as (user) => user.id, of the verified user";
const ONE_KEY = 'must have exactly one of secret, publicKey and jwksUri:';
const ALGORITHMS =
  'must be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512';
const JWKS_MUST = 'must be an https URL without user name and password';
const SECRET_MUST = 'must be a non-empty string, Buffer or KeyObject';
const CALLS = 'must be a whole number of calls from 1 to 1200 (the vendor allows 1200 per IP address)';
const STATIC = 'must be known before factories run: put it beside useFactory, not into what it returns';

describe('resolveNudgeAuthOptions', () => {
  describe('refuses', () => {
    it.each([
      { is: 'undefined', given: undefined, path: 'options', message: OPTIONS_MUST },
      { is: 'a bare key', given: apiKey, path: 'options', message: OPTIONS_MUST },
      { is: 'a list', given: [{ apiKey }], path: 'options', message: OPTIONS_MUST },

      { is: 'a missing key', given: {}, path: 'apiKey', message: `is missing: ${KEY_CURE}` },
      { is: 'a null key', given: { apiKey: null }, path: 'apiKey', message: `is missing: ${KEY_CURE}` },
      { is: 'an empty key', given: { apiKey: '' }, path: 'apiKey', message: `is empty: ${KEY_CURE}` },
      { is: 'a blank key', given: { apiKey: ' \n' }, path: 'apiKey', message: `is empty: ${KEY_CURE}` },
      {
        is: 'a quoted key',
        given: { apiKey: `"${apiKey}"` },
        path: 'apiKey',
        message: 'has quotes around it: remove them',
      },
      {
        is: 'a key with a quote at its start only',
        given: { apiKey: `'${apiKey}` },
        path: 'apiKey',
        message: 'has quotes around it: remove them',
      },
      {
        is: 'a key with a line break',
        given: { apiKey: `${apiKey}\n` },
        path: 'apiKey',
        message: 'contains white space or a line break: remove it',
      },
      {
        is: 'a key with a space in it',
        given: { apiKey: `Bearer ${apiKey}` },
        path: 'apiKey',
        message: 'contains white space or a line break: remove it',
      },
      {
        is: 'a key with a character that no header can hold',
        given: { apiKey: `${apiKey}ß` },
        path: 'apiKey',
        message: 'contains characters that cannot stand in an HTTP header',
      },
      {
        is: 'a key that is a number',
        given: { apiKey: 12_345 },
        path: 'apiKey',
        message: 'must be a string, or a function that returns one',
      },
      {
        is: 'an empty fallback key',
        given: { apiKey, fallbackApiKey: '' },
        path: 'fallbackApiKey',
        message: 'is empty: leave it out where there is no second key (environment: NUDGE_FALLBACK_API_KEY)',
      },
      {
        is: 'a fallback key in quotes',
        given: { apiKey, fallbackApiKey: '`k`' },
        path: 'fallbackApiKey',
        message: 'has quotes around it: remove them',
      },

      {
        is: '29 minutes',
        given: { apiKey, defaultExpiryMins: 29 },
        path: 'defaultExpiryMins',
        message: MINUTES,
      },
      {
        is: '1441 minutes',
        given: { apiKey, defaultExpiryMins: 1441 },
        path: 'defaultExpiryMins',
        message: MINUTES,
      },
      {
        is: '60.5 minutes',
        given: { apiKey, defaultExpiryMins: 60.5 },
        path: 'defaultExpiryMins',
        message: MINUTES,
      },
      {
        is: 'NaN minutes',
        given: { apiKey, defaultExpiryMins: Number.NaN },
        path: 'defaultExpiryMins',
        message: MINUTES,
      },
      {
        is: '"60" minutes',
        given: { apiKey, defaultExpiryMins: '60' },
        path: 'defaultExpiryMins',
        message: MINUTES.replace('1440', '1440, given as a number: this is text'),
      },

      {
        is: 'plain http',
        given: { apiKey, baseUrl: 'http://api.example' },
        path: 'baseUrl',
        message: IN_CLEAR,
      },
      {
        is: 'a host that only sounds like loopback',
        given: { apiKey, baseUrl: 'http://localhost.example' },
        path: 'baseUrl',
        message: IN_CLEAR,
      },
      {
        is: 'another protocol',
        given: { apiKey, baseUrl: 'ftp://api.example' },
        path: 'baseUrl',
        message: URL_MUST,
      },
      {
        is: 'a bare host',
        given: { apiKey, baseUrl: 'main-api.nudgenow.com' },
        path: 'baseUrl',
        message: URL_MUST,
      },
      { is: 'an empty URL', given: { apiKey, baseUrl: '' }, path: 'baseUrl', message: URL_MUST },
      {
        is: 'a URL with a blank',
        given: { apiKey, baseUrl: 'https://api.example ' },
        path: 'baseUrl',
        message: URL_MUST,
      },
      {
        is: 'a URL with credentials',
        given: { apiKey, baseUrl: 'https://me:pass@api.example' },
        path: 'baseUrl',
        message: 'must not hold a user name or password: the API key is the only credential',
      },
      {
        is: 'a URL with a query',
        given: { apiKey, baseUrl: 'https://api.example/api?region=in' },
        path: 'baseUrl',
        message: 'must not hold a query or a fragment',
      },
      {
        is: 'a URL with an empty query',
        given: { apiKey, baseUrl: 'https://api.example/api?' },
        path: 'baseUrl',
        message: 'must not hold a query or a fragment',
      },
      {
        is: 'a URL with a fragment',
        given: { apiKey, baseUrl: 'https://api.example/#api' },
        path: 'baseUrl',
        message: 'must not hold a query or a fragment',
      },
      {
        is: 'the URL of the call itself',
        given: { apiKey, baseUrl: 'https://api.example/api/clients/jwt/token/' },
        path: 'baseUrl',
        message: 'must end before /clients/jwt/token, which is added to it',
      },
      {
        is: 'an allowInsecureBaseUrl that is text',
        given: { apiKey, allowInsecureBaseUrl: 'true' },
        path: 'allowInsecureBaseUrl',
        message: 'must be true or false',
      },

      { is: 'an unknown option', given: { apiKey, apikey: 'x' }, path: 'apikey', message: meant('apiKey') },
      {
        is: 'an unknown option of http',
        given: { apiKey, http: { timeout: 5 } },
        path: 'http.timeout',
        message: meant('timeoutMs'),
      },
      {
        is: 'an unknown option of cache',
        given: { apiKey, cache: { ttlMs: 5 } },
        path: 'cache.ttlMs',
        message: UNKNOWN,
      },
      {
        is: 'an unknown option of userJwt',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], alg: 1 } },
        path: 'userJwt.alg',
        message: meant('algorithms'),
      },
      {
        is: 'an unknown option of tenants',
        given: { tenants: { id: () => 'acme', config: () => undefined, maxTenant: 5 } },
        path: 'tenants.maxTenant',
        message: meant('maxTenants'),
      },
      {
        is: 'other words for an option',
        given: { apiKey, expiryMinutes: 60 },
        path: 'expiryMinutes',
        message: meant('defaultExpiryMins'),
      },
      {
        is: 'two letters the wrong way round',
        given: { apiKey, bugdet: {} },
        path: 'bugdet',
        message: meant('budget'),
      },
      { is: 'an option like no other', given: { apiKey, zzz: 1 }, path: 'zzz', message: UNKNOWN },
      {
        is: 'an option with a very long name',
        given: { apiKey, ['apiKey'.repeat(1_000)]: 1 },
        path: 'apiKey'.repeat(1_000),
        message: UNKNOWN,
      },
      {
        is: 'an endpoint from a factory',
        given: { apiKey, endpoint: false },
        path: 'endpoint',
        message: STATIC,
      },
      { is: 'a name from a factory', given: { apiKey, name: 'emea' }, path: 'name', message: STATIC },

      {
        is: 'a negative timeout',
        given: { apiKey, http: { timeoutMs: -1 } },
        path: 'http.timeoutMs',
        message: 'must be a whole number of milliseconds from 100 to 9000',
      },
      {
        is: 'a deadline that allows no attempt',
        given: { apiKey, http: { deadlineMs: 999 } },
        path: 'http.deadlineMs',
        message:
          'must be a whole number of milliseconds from 1000 to 9000: mobile SDKs give up after ten seconds, so an answer must be there before',
      },
      {
        is: 'a deadline over nine seconds',
        given: { apiKey, http: { deadlineMs: 9_001 } },
        path: 'http.deadlineMs',
        message:
          'must be a whole number of milliseconds from 1000 to 9000: mobile SDKs give up after ten seconds, so an answer must be there before',
      },
      {
        is: 'six retries',
        given: { apiKey, http: { maxRetries: 6 } },
        path: 'http.maxRetries',
        message: 'must be a whole number of retries from 0 to 5',
      },
      {
        is: 'http that is not an object',
        given: { apiKey, http: 3000 },
        path: 'http',
        message: 'must be an object',
      },
      {
        is: 'a proxy as text',
        given: { apiKey, http: { proxy: 'http://proxy.example:8080' } },
        path: 'http.proxy',
        message: PROXY_MUST,
      },
      {
        is: 'a proxy without a port',
        given: { apiKey, http: { proxy: { host: 'proxy.example' } } },
        path: 'http.proxy',
        message: PROXY_MUST,
      },
      {
        is: 'an agent that is text',
        given: { apiKey, http: { httpsAgent: 'keep-alive' } },
        path: 'http.httpsAgent',
        message: 'must be a node:https Agent',
      },

      {
        is: 'scope user without extId',
        given: { apiKey, scope: 'user' },
        path: 'extId',
        message: USER_ID_MUST,
      },
      {
        is: 'an extId that is not a function',
        given: { apiKey, scope: 'user', extId: 'ada' },
        path: 'extId',
        message: USER_ID_MUST,
      },
      {
        is: 'an extId in scope client',
        given: { apiKey, extId: () => 'ada' },
        path: 'extId',
        message: "has no meaning in scope 'client': remove it, or set scope to 'user'",
      },
      {
        is: 'an unknown scope',
        given: { apiKey, scope: 'tenant' },
        path: 'scope',
        message: "must be 'client' or 'user'",
      },

      {
        is: 'userJwt without a key',
        given: { apiKey, userJwt: { algorithms: ['HS256'] } },
        path: 'userJwt',
        message: `${ONE_KEY} none is given`,
      },
      {
        is: 'userJwt with two kinds of keys',
        given: { apiKey, userJwt: { secret, publicKey: rsa.publicKey, algorithms: ['RS256'] } },
        path: 'userJwt',
        message: `${ONE_KEY} secret and publicKey are given`,
      },
      {
        is: 'a PEM as secret',
        given: { apiKey, userJwt: { secret: rsa.publicKey, algorithms: ['HS256'] } },
        path: 'userJwt.secret',
        message:
          'is a PEM, which is no shared secret (everyone who knows a public key could sign with it): pass a public key as publicKey',
      },
      {
        is: 'a public KeyObject as secret',
        given: { apiKey, userJwt: { secret: createPublicKey(rsa.publicKey), algorithms: ['HS256'] } },
        path: 'userJwt.secret',
        message: 'is a public key: pass it as publicKey',
      },
      {
        is: 'an empty secret',
        given: { apiKey, userJwt: { secret: '', algorithms: ['HS256'] } },
        path: 'userJwt.secret',
        message: SECRET_MUST,
      },
      {
        is: 'an empty list of secrets',
        given: { apiKey, userJwt: { secret: [], algorithms: ['HS256'] } },
        path: 'userJwt.secret',
        message: 'must hold at least one key',
      },
      {
        is: 'an empty secret in a list',
        given: { apiKey, userJwt: { secret: [secret, ''], algorithms: ['HS256'] } },
        path: 'userJwt.secret.1',
        message: SECRET_MUST,
      },
      {
        is: 'a private key as publicKey',
        given: { apiKey, userJwt: { publicKey: rsa.privateKey, algorithms: ['RS256'] } },
        path: 'userJwt.publicKey',
        message:
          'is a PRIVATE key: verifying needs the public one only, keep the private one with the issuer',
      },
      {
        is: 'a private EC key as publicKey',
        given: { apiKey, userJwt: { publicKey: ec.privateKey, algorithms: ['ES256'] } },
        path: 'userJwt.publicKey',
        message:
          'is a PRIVATE key: verifying needs the public one only, keep the private one with the issuer',
      },
      {
        is: 'a secret KeyObject as publicKey',
        given: {
          apiKey,
          userJwt: { publicKey: createSecretKey(Buffer.from(secret)), algorithms: ['RS256'] },
        },
        path: 'userJwt.publicKey',
        message: 'is a secret key, not a public one',
      },
      {
        is: 'a text that is not a PEM as publicKey',
        given: { apiKey, userJwt: { publicKey: secret, algorithms: ['RS256'] } },
        path: 'userJwt.publicKey',
        message:
          'cannot be parsed as a PEM public key: it starts with "-----BEGIN PUBLIC KEY-----" and keeps its line breaks',
      },
      {
        is: 'a number as publicKey',
        given: { apiKey, userJwt: { publicKey: 5, algorithms: ['RS256'] } },
        path: 'userJwt.publicKey',
        message: 'must be a PEM (string or Buffer) or a KeyObject',
      },
      {
        is: 'HS256 for a public key',
        given: { apiKey, userJwt: { publicKey: rsa.publicKey, algorithms: ['RS256', 'HS256'] } },
        path: 'userJwt.algorithms',
        message: 'name algorithms that do not go with publicKey: use RS…, PS… and ES… only',
      },
      {
        is: 'RS256 for a secret',
        given: { apiKey, userJwt: { secret, algorithms: ['RS256'] } },
        path: 'userJwt.algorithms',
        message: 'name algorithms that do not go with secret: use HS256, HS384 and HS512 only',
      },
      {
        is: 'ES256 for an RSA key',
        given: { apiKey, userJwt: { publicKey: [ec.publicKey, rsa.publicKey], algorithms: ['ES256'] } },
        path: 'userJwt.publicKey.1',
        message: 'goes with RS256, RS384, RS512, PS256, PS384, PS512, none of which is among the algorithms',
      },
      {
        is: 'ES384 for a P-256 key',
        given: { apiKey, userJwt: { publicKey: ec.publicKey, algorithms: ['ES384'] } },
        path: 'userJwt.publicKey',
        message: 'goes with ES256, none of which is among the algorithms',
      },
      {
        is: 'an Ed25519 key',
        given: { apiKey, userJwt: { publicKey: ed25519, algorithms: ['RS256'] } },
        path: 'userJwt.publicKey',
        message: expect.stringMatching(
          /^is of a type that no supported algorithm uses; RSA and EC .* EdDSA.*endpoint\.guards/,
        ),
      },
      {
        is: 'no algorithms',
        given: { apiKey, userJwt: { secret } },
        path: 'userJwt.algorithms',
        message: "must be a list such as ['RS256']: pin what your issuer signs with",
      },
      {
        is: 'an empty list of algorithms',
        given: { apiKey, userJwt: { secret, algorithms: [] } },
        path: 'userJwt.algorithms',
        message: "must name at least one algorithm, such as 'RS256'",
      },
      {
        is: "the algorithm 'none'",
        given: { apiKey, userJwt: { secret, algorithms: ['none'] } },
        path: 'userJwt.algorithms.0',
        message: ALGORITHMS,
      },
      {
        is: 'a jwksUri of plain http',
        given: { apiKey, userJwt: { jwksUri: 'http://id.example/keys', algorithms: ['RS256'] } },
        path: 'userJwt.jwksUri',
        message:
          'would fetch the keys over plain http, where an attacker could replace them: use https, or set ' +
          'userJwt.allowInsecureJwksUri to true where the network itself is trusted',
      },
      {
        is: 'userJwt.http without a jwksUri',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], http: { proxy: false } } },
        path: 'userJwt.http',
        message: 'has no meaning without userJwt.jwksUri: remove it',
      },
      {
        is: 'a key as long as a file',
        given: { apiKey: '<'.repeat(50_000) },
        path: 'apiKey',
        message: 'is longer than 4096 characters, as no key is: give the key and nothing else',
      },
      {
        is: 'a fallback key of white space as long as a file',
        given: { apiKey, fallbackApiKey: ' '.repeat(50_000) },
        path: 'fallbackApiKey',
        message: 'is longer than 4096 characters, as no key is: give the key and nothing else',
      },
      {
        is: 'a jwksUri with a password',
        given: { apiKey, userJwt: { jwksUri: 'https://me:pass@id.example', algorithms: ['RS256'] } },
        path: 'userJwt.jwksUri',
        message: JWKS_MUST,
      },
      {
        is: 'a jwksUri that is a number',
        given: { apiKey, userJwt: { jwksUri: 5, algorithms: ['RS256'] } },
        path: 'userJwt.jwksUri',
        message: JWKS_MUST,
      },
      {
        is: 'an empty issuer',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], issuer: '' } },
        path: 'userJwt.issuer',
        message: 'must be the iss to expect, or a list of at least one',
      },
      {
        is: 'an empty list of audiences',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], audience: [] } },
        path: 'userJwt.audience',
        message: 'must be the aud to expect, or a list of at least one',
      },
      {
        is: 'a rememberForMs of six minutes',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], rememberForMs: 360_000 } },
        path: 'userJwt.rememberForMs',
        message: 'must be a whole number of milliseconds from 0 to 300000 (0 verifies every request)',
      },
      {
        is: 'an isRevoked that is not a function',
        given: { apiKey, userJwt: { secret, algorithms: ['HS256'], isRevoked: true } },
        path: 'userJwt.isRevoked',
        message: 'must be a function that tells whether a verified payload is refused',
      },
      {
        is: 'userJwt that is not an object',
        given: { apiKey, userJwt: secret },
        path: 'userJwt',
        message: 'must be an object',
      },

      {
        is: 'a budget over the vendor’s limit',
        given: { apiKey, budget: { callsPerMinute: 1_201 } },
        path: 'budget.callsPerMinute',
        message: CALLS,
      },
      {
        is: 'a budget of no calls',
        given: { apiKey, budget: { callsPerMinute: 0 } },
        path: 'budget.callsPerMinute',
        message: CALLS,
      },
      {
        is: 'an unknown warm-up',
        given: { apiKey, warmUp: 'yes' },
        path: 'warmUp',
        message: "must be false, 'background' or 'required'",
      },
      {
        is: 'cache: true',
        given: { apiKey, cache: true },
        path: 'cache',
        message: 'must be an object, or false to hold no tokens',
      },
      {
        is: 'a rotation after less than a second',
        given: { apiKey, cache: { rotateAfterMs: 999 } },
        path: 'cache.rotateAfterMs',
        message: 'must be a whole number of milliseconds from 1000 to 86400000',
      },
      {
        is: 'a cache of no entries',
        given: { apiKey, cache: { maxEntries: 0 } },
        path: 'cache.maxEntries',
        message: 'must be a whole number of users from 1 to 10000000',
      },
      {
        is: 'a store that lacks the methods of a TokenStore',
        given: { apiKey, store: {} },
        path: 'store',
        message: 'must be a TokenStore: an object that implements its whole contract',
      },
      {
        is: 'enabled: true',
        given: { apiKey, enabled: true },
        path: 'enabled',
        message: 'must be a function that returns true or false',
      },
    ])('$is', ({ given, path, message }) => {
      expect(problemsOf(given)).toEqual({ [path]: message });
    });

    it('several problems in one error that lists them all and names the registration', () => {
      const given = {
        apiKey: '',
        defaultExpiryMins: 5,
        baseUrl: 'http://api.example',
        scope: 'user',
        http: { timeoutMs: 1, retries: 3 },
        userJwt: { algorithms: ['none'] },
        typo: true,
      };
      expect(() => resolveNudgeAuthOptions(given as never, 'NudgeAuthModule "emea"')).toThrow(
        new Error(
          [
            'NudgeAuthModule "emea" cannot start, its options have 9 problems:',
            `  - apiKey: is empty: ${KEY_CURE}`,
            `  - defaultExpiryMins: ${MINUTES}`,
            '  - http.timeoutMs: must be a whole number of milliseconds from 100 to 9000',
            `  - http.retries: ${meant('maxRetries')}`,
            `  - userJwt.algorithms.0: ${ALGORITHMS}`,
            `  - userJwt: ${ONE_KEY} none is given`,
            `  - typo: ${UNKNOWN}`,
            `  - extId: ${USER_ID_MUST}`,
            `  - baseUrl: ${IN_CLEAR}`,
            'Run `npx nestjs-nudge-auth doctor`.',
          ].join('\n'),
        ),
      );
    });
  });

  it.each([
    { is: 'a missing key', given: {}, isNamed: true },
    { is: 'a fallback key in quotes', given: { apiKey, fallbackApiKey: "'quoted'" }, isNamed: true },
    { is: 'a life of five minutes', given: { apiKey, defaultExpiryMins: 5 }, isNamed: true },
    { is: 'an option of the code', given: { apiKey, scope: 'user' }, isNamed: false },
    { is: 'a key beside tenants', given: { apiKey, tenants: {} }, isNamed: false },
    { is: 'no options at all', given: undefined, isNamed: false },
  ])('names the doctor only if it finds the cause: $is', ({ given, isNamed }) => {
    let message = '';
    try {
      resolveNudgeAuthOptions(given as never);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('cannot start');
    expect(message.endsWith('\nRun `npx nestjs-nudge-auth doctor`.')).toBe(isNamed);
  });

  it('has every problem once where Node prints the error', () => {
    let caught: unknown;
    try {
      resolveNudgeAuthOptions({ apiKey, scop: 'user' } as unknown as NudgeAuthOptions);
    } catch (error) {
      caught = error;
    }
    expect(inspect(caught).split(meant('scope'))).toHaveLength(2);
  });

  it('never quotes a value that it refuses', () => {
    const canary = 'canary-obviously-fake';
    const options: unknown[] = [
      'apiKey',
      'fallbackApiKey',
      'defaultExpiryMins',
      'baseUrl',
      'allowInsecureBaseUrl',
      'scope',
      'extId',
      'cache',
      'warmUp',
      'budget',
      'http',
      'userJwt',
      'store',
      'enabled',
    ].flatMap((name) => [
      { apiKey, [name]: `"${canary}"` },
      { apiKey, [name]: [canary] },
      { apiKey, [name]: { [canary.length]: canary } },
    ]);
    for (const field of ['secret', 'publicKey', 'jwksUri', 'algorithms', 'issuer', 'audience', 'isRevoked']) {
      options.push({
        apiKey,
        userJwt: { secret: `${canary}-----BEGIN`, [field]: [{ [canary.length]: canary }] },
      });
    }
    for (const field of ['timeoutMs', 'deadlineMs', 'proxy', 'httpAgent', 'httpsAgent']) {
      options.push({ apiKey, http: { [field]: canary } });
    }
    for (const given of options) {
      let caught: unknown;
      try {
        resolveNudgeAuthOptions(given as NudgeAuthOptions);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(InvalidNudgeAuthOptionsError);
      expect(inspect(caught, { depth: null, showHidden: true }) + JSON.stringify(caught)).not.toContain(
        canary,
      );
    }
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
      { baseUrl: 'http://localhost:4000/api' },
      { baseUrl: 'http://nudge.localhost' },
      { baseUrl: 'http://127.1.2.3:80' },
      { baseUrl: 'http://[::1]:4000/api' },
      { cache: false },
      { cache: { rotateAfterMs: 1000, minRemainingMs: 0, maxWaitMs: 0, maxEntries: 1 } },
      { http: { timeoutMs: 100, deadlineMs: 9000, maxRetries: 0, proxy: false, httpsAgent: new Agent() } },
      { http: { proxy: { host: 'proxy.example', port: 3128, auth: { username: 'a', password: 'b' } } } },
      { warmUp: 'required' },
      { budget: { callsPerMinute: 1200 } },
      { userJwt: { secret: [secret, Buffer.from(secret)], algorithms: ['HS256'], rememberForMs: 0 } },
      { userJwt: { publicKey: [rsa.publicKey, ec.publicKey], algorithms: ['ES256', 'PS512'] } },
      {
        userJwt: {
          jwksUri: 'https://id.example/keys',
          algorithms: ['RS256'],
          issuer: 'https://issuer.test',
          http: { proxy: false, httpAgent: new HttpAgent(), httpsAgent: new Agent() },
        },
      },
      {
        userJwt: {
          jwksUri: 'http://127.0.0.1:4000/keys',
          algorithms: ['RS256'],
          issuer: 'a',
          audience: ['b'],
        },
      },
    ] as object[])('%j', (given) => {
      expect(problemsOf({ apiKey, ...given })).toEqual({});
      expect(warningsOf({ apiKey, ...given })).toEqual([]);
    });

    it('a base URL with slashes at its end, and removes them', () => {
      expect(resolveNudgeAuthOptions({ apiKey, baseUrl: 'https://api.example/v1//' }).baseUrl).toBe(
        'https://api.example/v1',
      );
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

  describe('when NODE_TLS_REJECT_UNAUTHORIZED=0 is set', () => {
    const alarm = (scope: string): string =>
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the process takes any certificate, and with it any impostor. ' +
      `${scope}. Remove the variable; name a private certificate authority by NODE_EXTRA_CA_CERTS, or in http.httpsAgent`;
    const jwks = { jwksUri: 'https://id.example/keys', algorithms: ['RS256' as const] };

    beforeEach(() => {
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    });

    afterEach(() => {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    });

    it('raises an alarm, and says that certificates are verified all the same', () => {
      const { alarms } = resolveNudgeAuthOptions({ apiKey, userJwt: jwks });
      expect(alarms).toEqual([alarm('This module verifies certificates all the same')]);
    });

    it("names the host's agents to which the variable applies", () => {
      const http = { httpsAgent: new Agent() };
      const { alarms } = resolveNudgeAuthOptions({ apiKey, http, userJwt: { ...jwks, http } });
      expect(alarms).toEqual([
        alarm(
          'It holds for http.httpsAgent and userJwt.http.httpsAgent too, unless that agent has rejectUnauthorized: true',
        ),
      ]);
    });
  });

  it('connects to the issuer as to Nudge, except for what userJwt.http sets', () => {
    const http = { proxy: { host: 'proxy.example', port: 3128 }, httpsAgent: new Agent() };
    const own = { httpsAgent: new Agent() };
    const connectionTo = (userHttp: typeof own | undefined): unknown =>
      resolveNudgeAuthOptions({
        apiKey,
        http,
        userJwt: { jwksUri: 'https://id.example/keys', algorithms: ['RS256'], http: userHttp },
      }).userJwt?.connection.open();
    expect(connectionTo(undefined)).toEqual({ ...http, httpAgent: undefined });
    expect(connectionTo(own)).toEqual({ ...http, ...own, httpAgent: undefined });
  });

  it('returns frozen options that print no secret', () => {
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

  describe('warns about', () => {
    it.each([
      {
        key: 'your-private-key-goes-here',
        warning: 'apiKey looks like a placeholder: is it really the private key from the Nudge dashboard?',
      },
      {
        key: '<private-key-of-nudge>',
        warning: 'apiKey looks like a placeholder: is it really the private key from the Nudge dashboard?',
      },
      {
        key: 'changeme-changeme-changeme',
        warning: 'apiKey looks like a placeholder: is it really the private key from the Nudge dashboard?',
      },
      {
        key: 'pk_public_0123456789abcdef',
        warning: 'apiKey looks like a PUBLIC key: the token API takes the private one only',
      },
      {
        key: 'abc123',
        warning: 'apiKey is only 6 characters long: is it really the private key from the Nudge dashboard?',
      },
    ])('a key such as $key', ({ key, warning }) => {
      expect(warningsOf({ apiKey: key })).toEqual([warning]);
      expect(warningsOf({ apiKey: () => key })).toEqual([]);
      expect(warningsOf({ apiKey, fallbackApiKey: key })).toEqual([
        warning.replace('apiKey', 'fallbackApiKey'),
      ]);
    });

    it('a fallback key that equals the first key, and a base URL of plain http', () => {
      expect(
        warningsOf({
          apiKey,
          fallbackApiKey: apiKey,
          baseUrl: 'http://nudge.mesh.internal',
          allowInsecureBaseUrl: true,
        }),
      ).toEqual([
        'fallbackApiKey is the same as apiKey, so Nudge refuses both at once: set another key, or leave it out',
        'baseUrl is plain http: the API key crosses the network in clear (allowInsecureBaseUrl is set)',
      ]);
    });

    it('a jwksUri of plain http', () => {
      const jwksUri = 'http://id.mesh.internal/keys';
      expect(
        warningsOf({
          apiKey,
          userJwt: {
            jwksUri,
            allowInsecureJwksUri: true,
            algorithms: ['RS256'],
            issuer: 'https://issuer.test',
          },
        }),
      ).toEqual([
        "userJwt.jwksUri is plain http: an attacker in the network can replace the keys that verify your users' JWTs " +
          '(allowInsecureJwksUri is set)',
      ]);
    });

    it('nothing when plain http stays on loopback and the fallback key differs', () => {
      expect(
        warningsOf({
          apiKey,
          baseUrl: 'http://localhost:1',
          allowInsecureBaseUrl: true,
          fallbackApiKey: `${apiKey}2`,
        }),
      ).toEqual([]);
    });
  });
});
