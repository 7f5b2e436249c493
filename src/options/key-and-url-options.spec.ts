import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:https';
import {
  API_KEY as apiKey,
  problemsOf,
  warningsOf,
  type Refusal,
} from '../../test/support/option-problems.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';

const KEY_CURE =
  'set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)';
const HAS_QUOTES = 'has quotes around it: remove them';
const HAS_SPACE = 'contains white space or a line break: remove it';
const TOO_LONG = 'is longer than 4096 characters, as no key is: give the key and nothing else';
const URL_MUST =
  'must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)';
const IN_CLEAR =
  'would send the API key in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted';
const HAS_QUERY = 'must not hold a query or a fragment';

describe('resolveNudgeAuthOptions', () => {
  describe('refuses as key', () => {
    it.each<Refusal>([
      ['a missing key', {}, 'apiKey', `is missing: ${KEY_CURE}`],
      ['a null key', { apiKey: null }, 'apiKey', `is missing: ${KEY_CURE}`],
      ['an empty key', { apiKey: '' }, 'apiKey', `is empty: ${KEY_CURE}`],
      ['a blank key', { apiKey: ' \n' }, 'apiKey', `is empty: ${KEY_CURE}`],
      ['a quoted key', { apiKey: `"${apiKey}"` }, 'apiKey', HAS_QUOTES],
      ['a key with a quote at its start only', { apiKey: `'${apiKey}` }, 'apiKey', HAS_QUOTES],
      ['a key with a line break', { apiKey: `${apiKey}\n` }, 'apiKey', HAS_SPACE],
      ['a key with a space in it', { apiKey: `Bearer ${apiKey}` }, 'apiKey', HAS_SPACE],
      [
        'a key with a character that no header can hold',
        { apiKey: `${apiKey}ß` },
        'apiKey',
        'contains characters that cannot stand in an HTTP header',
      ],
      [
        'a key that is a number',
        { apiKey: 12_345 },
        'apiKey',
        'must be a string, or a function that returns one',
      ],
      ['a key as long as a file', { apiKey: '<'.repeat(50_000) }, 'apiKey', TOO_LONG],
      [
        'an empty fallback key',
        { apiKey, fallbackApiKey: '' },
        'fallbackApiKey',
        'is empty: leave it out where there is no second key (environment: NUDGE_FALLBACK_API_KEY)',
      ],
      ['a fallback key in quotes', { apiKey, fallbackApiKey: '`k`' }, 'fallbackApiKey', HAS_QUOTES],
      [
        'a fallback key of white space as long as a file',
        { apiKey, fallbackApiKey: ' '.repeat(50_000) },
        'fallbackApiKey',
        TOO_LONG,
      ],
    ])('%s', (_is, given, path, message) => {
      expect(problemsOf(given)).toEqual({ [path]: message });
    });
  });

  describe('refuses as base URL', () => {
    it.each<[is: string, baseUrl: string, message: string]>([
      ['plain http', 'http://api.example', IN_CLEAR],
      ['a host that only sounds like loopback', 'http://localhost.example', IN_CLEAR],
      ['another protocol', 'ftp://api.example', URL_MUST],
      ['a bare host', 'main-api.nudgenow.com', URL_MUST],
      ['an empty URL', '', URL_MUST],
      ['a URL with a blank', 'https://api.example ', URL_MUST],
      [
        'a URL with credentials',
        'https://me:pass@api.example',
        'must not hold a user name or password: the API key is the only credential',
      ],
      ['a URL with a query', 'https://api.example/api?region=in', HAS_QUERY],
      ['a URL with an empty query', 'https://api.example/api?', HAS_QUERY],
      ['a URL with a fragment', 'https://api.example/#api', HAS_QUERY],
      [
        'the URL of the call itself',
        'https://api.example/api/clients/jwt/token/',
        'must end before /clients/jwt/token, which is added to it',
      ],
    ])('%s', (_is, baseUrl, message) => {
      expect(problemsOf({ apiKey, baseUrl })).toEqual({ baseUrl: message });
    });
  });

  it('refuses an allowInsecureBaseUrl that is text', () => {
    expect(problemsOf({ apiKey, allowInsecureBaseUrl: 'true' })).toEqual({
      allowInsecureBaseUrl: 'must be true or false',
    });
  });

  describe('accepts', () => {
    it.each([
      { baseUrl: 'http://localhost:4000/api' },
      { baseUrl: 'http://nudge.localhost' },
      { baseUrl: 'http://127.1.2.3:80' },
      { baseUrl: 'http://[::1]:4000/api' },
    ])('%j', (given) => {
      expect(problemsOf({ apiKey, ...given })).toEqual({});
      expect(warningsOf({ apiKey, ...given })).toEqual([]);
    });

    it('a base URL with slashes at its end, and removes them', () => {
      expect(resolveNudgeAuthOptions({ apiKey, baseUrl: 'https://api.example/v1//' }).baseUrl).toBe(
        'https://api.example/v1',
      );
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
