import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { API_KEY as apiKey } from '../../test/support/option-problems.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import type { NudgeAuthOptions } from './nudge-auth.options.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';

const UNKNOWN = 'is not an option: remove it or check its spelling';

function errorOf(given: unknown): unknown {
  try {
    return resolveNudgeAuthOptions(given as NudgeAuthOptions);
  } catch (error) {
    return error;
  }
}

describe('the error of refused options', () => {
  it('lists all problems at once and names the registration', () => {
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
          '  - apiKey: is empty: set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)',
          '  - defaultExpiryMins: must be a whole number of minutes from 30 to 1440 (environment: NUDGE_DEFAULT_EXPIRY_MINS)',
          '  - http.timeoutMs: must be a whole number of milliseconds from 100 to 9000',
          '  - http.retries: is not an option: did you mean maxRetries?',
          '  - userJwt.algorithms.0: must be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
          '  - userJwt: must have exactly one of secret, publicKey and jwksUri: none is given',
          `  - typo: ${UNKNOWN}`,
          "  - extId: must be a function in scope 'user', such as (user) => user.id, of the verified user",
          '  - baseUrl: would send the API key in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted',
          'Run `npx nestjs-nudge-auth doctor`.',
        ].join('\n'),
      ),
    );
  });

  it.each([
    { is: 'a missing key', given: {}, isNamed: true },
    { is: 'a fallback key in quotes', given: { apiKey, fallbackApiKey: "'quoted'" }, isNamed: true },
    { is: 'a life of five minutes', given: { apiKey, defaultExpiryMins: 5 }, isNamed: true },
    { is: 'an option of the code', given: { apiKey, scope: 'user' }, isNamed: false },
    { is: 'a key beside tenants', given: { apiKey, tenants: {} }, isNamed: false },
    { is: 'no options at all', given: undefined, isNamed: false },
  ])('names the doctor only if it finds the cause: $is', ({ given, isNamed }) => {
    const message = String(errorOf(given));
    expect(message).toContain('cannot start');
    expect(message.endsWith('\nRun `npx nestjs-nudge-auth doctor`.')).toBe(isNamed);
  });

  it('has every problem once where Node prints the error', () => {
    expect(inspect(errorOf({ apiKey, scop: 'user' })).split('did you mean scope?')).toHaveLength(2);
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
      const caught = errorOf(given);
      expect(caught).toBeInstanceOf(InvalidNudgeAuthOptionsError);
      expect(inspect(caught, { depth: null, showHidden: true }) + JSON.stringify(caught)).not.toContain(
        canary,
      );
    }
  });
});
