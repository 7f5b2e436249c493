import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  EMULATOR_KEY,
  emulatorForEachTest,
  expectRefusal,
  NOW_MS,
} from '../../../test/support/emulator-client.js';

const client = emulatorForEachTest();

describe('a request as documented', () => {
  it('gets a token and no other field, with a Date of the injected clock', async () => {
    const response = await client.ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('date')).toBe('Thu, 01 Jan 2026 12:00:00 GMT');
    expect(Object.keys((await response.json()) as object)).toEqual(['token']);
  });

  it('gets a JWT like the vendor’s: EdDSA, with kid, iat and exp only', async () => {
    const token = await client.token('expiryMins=30');
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'EdDSA',
      kid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    expect(decodeJwt(token)).toEqual({ iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 1800 });
  });

  it('gets a token that the published keys verify', async () => {
    const token = await client.token();
    const jwks = (await (await fetch(client.nudge.jwksUrl)).json()) as JSONWebKeySet;
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date(NOW_MS) });
    expect(payload.exp).toBe(NOW_MS / 1000 + 3600);
    expect(JSON.stringify(jwks)).not.toContain('"d"');
  });

  it.each([
    'expiryMins=30',
    'expiryMins=1440',
    'expiryMins=60&extId=u',
    `expiryMins=60&extId=${'u'.repeat(100)}`,
    'expiryMins=60&extId=a%20b%2Bc%C3%A9',
  ])('gets a token for %s', async (query) => {
    await client.token(query);
  });
});

describe('a request that is not as documented', () => {
  it.each([
    ['extId=u', /expiryMins is required/],
    ['expiryMins=', /integer from 30 to 1440/],
    ['expiryMins=29', /integer from 30 to 1440/],
    ['expiryMins=1441', /integer from 30 to 1440/],
    ['expiryMins=60.5', /integer from 30 to 1440/],
    ['expiryMins=060', /integer from 30 to 1440/],
    ['expiryMins=6e1', /integer from 30 to 1440/],
    ['expiryMins=60&expiryMins=60', /expiryMins was sent more than once/],
    ['expiryMins=60&extId=a&extId=b', /extId was sent more than once/],
    ['expiryMins=60&extId=', /1 to 100 characters/],
    [`expiryMins=60&extId=${'u'.repeat(101)}`, /1 to 100 characters/],
    ['expiryMins=%2B60', /integer from 30 to 1440/],
    ['expiryMins=60%20', /integer from 30 to 1440/],
    ['expiryMins=60&extId=a+b', /%20.*%2B.*invented/],
    ['expiryMins=60&extId=%', /percent-encoded UTF-8.*invented/],
    ['expiryMins=60&extId=%ff', /percent-encoded UTF-8.*invented/],
    ['expiryMins=60&expirymins=60', /Only expiryMins and extId .*invented/],
  ])('is refused with 400: %s', async (query, message) => {
    await expectRefusal(client.ask(query), 400, message);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('is refused with 405: %s', async (method) => {
    const response = await expectRefusal(client.ask(undefined, undefined, { method }), 405, /GET only/);
    expect(response.headers.get('allow')).toBe('GET');
  });

  it.each([
    '/api/clients/jwt/token/',
    '/api/clients/jwt',
    '/API/clients/jwt/token',
    '/api//clients/jwt/token',
    '/',
  ])('is refused with 404: %s', async (path) => {
    await expectRefusal(
      fetch(`${client.nudge.origin}${path}?expiryMins=60`, { headers: { apikey: EMULATOR_KEY } }),
      404,
      /./,
    );
    expect(client.nudge.counters.keysSeenElsewhere).toBe(1);
  });

  it('is refused with 401 without a key, with an unknown one and with a key sent twice', async () => {
    await expectRefusal(client.ask(undefined, {}), 401, /Missing API key/);
    await expectRefusal(client.ask(undefined, { apikey: 'another' }), 401, /Invalid API key/);
    await expectRefusal(
      client.ask(undefined, [
        ['apikey', EMULATOR_KEY],
        ['apikey', EMULATOR_KEY],
      ]),
      401,
      /Invalid API key/,
    );
  });
});

describe('the rate limit', () => {
  beforeEach(async () => {
    await client.restart({ rateLimitPerMinute: 2 });
  });

  it('refuses the requests beyond it in a sliding minute, and says when the next request may pass', async () => {
    await client.token();
    client.clock.advance(20_500);
    await client.token();
    const refused = await expectRefusal(client.ask(), 429, /Too many requests/);
    expect(refused.headers.get('retry-after')).toBe('40');
    client.clock.advance(39_499);
    expect((await client.ask()).headers.get('retry-after')).toBe('1');
    client.clock.advance(1);
    await client.token();
    expect((await client.ask()).status).toBe(429);
  });

  it('counts requests with refused keys, is empty again after reset(), and can be off', async () => {
    await client.ask(undefined, {});
    await client.ask(undefined, {});
    expect((await client.ask()).status).toBe(429);
    client.nudge.reset();
    await client.token();

    await client.restart({ rateLimitPerMinute: false });
    for (const _ of [1, 2, 3]) await client.token();
  });
});

describe('tokens', () => {
  it('are the same for the same seed and clock, and differ for another seed', async () => {
    const tokens = [];
    for (const seed of ['one', 'one', 'two']) {
      await client.restart({ seed });
      const first = await client.token();
      client.nudge.rotateSigningKey();
      tokens.push(`${first} ${await client.token()}`);
    }
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[0]).not.toBe(tokens[2]);
  });

  it('can be signed with HS256, whose key is not published', async () => {
    await client.restart({ algorithm: 'HS256' });
    const token = await client.token();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', kid: client.nudge.state.kid });
    expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toHaveLength(32);
    expect(await (await fetch(client.nudge.jwksUrl)).json()).toEqual({ keys: [] });
  });

  it('hold the extId only with the option extIdClaim', async () => {
    expect(decodeJwt(await client.token('expiryMins=60&extId=ada'))).not.toHaveProperty('extId');
    await client.restart({ extIdClaim: 'ext' });
    expect(decodeJwt(await client.token('expiryMins=60&extId=ada'))).toHaveProperty('ext', 'ada');
    expect(decodeJwt(await client.token())).not.toHaveProperty('ext');
  });

  it('are signed by a new key after a rotation, and the old key stays published unless it is withdrawn', async () => {
    const verify = async (token: string) => {
      const jwks = (await (await fetch(client.nudge.jwksUrl)).json()) as JSONWebKeySet;
      return jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date(NOW_MS) });
    };
    const first = await client.token();
    const kid = client.nudge.rotateSigningKey();
    const second = await client.token();
    expect(decodeProtectedHeader(first).kid).not.toBe(kid);
    expect(decodeProtectedHeader(second).kid).toBe(kid);
    await verify(first);
    await verify(second);
    client.nudge.rotateSigningKey({ withdrawOld: true });
    await expect(verify(second)).rejects.toThrow('no applicable key');
  });
});
