import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { systemClock, type Clock } from '../../common/clock.js';
import { DEFAULT_EMULATOR_API_KEY, NudgeEmulator } from '../index.js';

const KEY = 'canary-private-key';
const NOW_MS = Date.UTC(2026, 0, 1, 12);

let nowMs = NOW_MS;
const clock: Clock = { ...systemClock, now: () => ({ wallMs: nowMs, monotonicMs: nowMs }) };

let nudge: NudgeEmulator;

beforeEach(async () => {
  nowMs = NOW_MS;
  nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock });
});

afterEach(() => nudge.stop());

function ask(
  query = 'expiryMins=60',
  headers: RequestInit['headers'] = { apikey: KEY },
  init: RequestInit = {},
) {
  return fetch(`${nudge.url}/clients/jwt/token?${query}`, { headers, ...init });
}

async function askForToken(query?: string): Promise<string> {
  const response = await ask(query);
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

async function expectRefusal(pending: Promise<Response>, status: number, message: RegExp): Promise<Response> {
  const response = await pending;
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await response.json()).toEqual({ message: expect.stringMatching(message) });
  return response;
}

describe('a request as documented', () => {
  it('gets a token and no other field, with a Date of the injected clock', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('date')).toBe('Thu, 01 Jan 2026 12:00:00 GMT');
    expect(Object.keys((await response.json()) as object)).toEqual(['token']);
  });

  it('gets a JWT like the vendor’s: EdDSA, with kid, iat and exp only', async () => {
    const token = await askForToken('expiryMins=30');
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'EdDSA',
      kid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    expect(decodeJwt(token)).toEqual({ iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 1800 });
  });

  it('gets a token that the published keys verify', async () => {
    const token = await askForToken();
    const jwks = (await (await fetch(nudge.jwksUrl)).json()) as JSONWebKeySet;
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
    await askForToken(query);
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
    await expectRefusal(ask(query), 400, message);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('is refused with 405: %s', async (method) => {
    const response = await expectRefusal(ask(undefined, undefined, { method }), 405, /GET only/);
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
      fetch(`${nudge.origin}${path}?expiryMins=60`, { headers: { apikey: KEY } }),
      404,
      /./,
    );
    expect(nudge.counters.keysSeenElsewhere).toBe(1);
  });

  it('is refused with 401 without a key, with an unknown one and with a key sent twice', async () => {
    await expectRefusal(ask(undefined, {}), 401, /Missing API key/);
    await expectRefusal(ask(undefined, { apikey: 'another' }), 401, /Invalid API key/);
    await expectRefusal(
      ask(undefined, [
        ['apikey', KEY],
        ['apikey', KEY],
      ]),
      401,
      /Invalid API key/,
    );
  });
});

describe('an account', () => {
  it('has private keys, which rotate, and public keys, which are refused with a message that says so', async () => {
    await nudge.stop();
    nudge = await NudgeEmulator.start({ apiKeys: [KEY, 'second'], publicKeys: ['public-canary'] });
    expect((await ask(undefined, { apikey: 'second' })).status).toBe(200);
    await expectRefusal(ask(undefined, { apikey: 'public-canary' }), 401, /public key.*invented/);
    nudge.setApiKeys(['third']);
    await expectRefusal(ask(), 401, /Invalid API key/);
    expect((await ask(undefined, { apikey: 'third' })).status).toBe(200);
  });

  it('accepts an obviously fake key by default', async () => {
    await using other = await NudgeEmulator.start();
    const response = await fetch(`${other.url}/clients/jwt/token?expiryMins=60`, {
      headers: { APIKEY: DEFAULT_EMULATOR_API_KEY },
    });
    expect(response.status).toBe(200);
  });

  it('gets 403 when its short-lived tokens are off', async () => {
    nudge.setEnabled(false);
    await expectRefusal(ask(), 403, /not enabled.*invented/);
    nudge.setEnabled(true);
    await askForToken();
  });
});

describe('several accounts', () => {
  const ACME = { apikey: 'acme-key' };
  const GLOBEX = { apikey: 'globex-key' };

  beforeEach(async () => {
    await nudge.stop();
    const accounts = {
      acme: { apiKeys: ['acme-key'], publicKeys: ['acme-public-key'] },
      globex: { apiKeys: ['globex-key'] },
    };
    nudge = await NudgeEmulator.start({
      apiKeys: [KEY],
      accounts,
      clock,
      seed: 'one',
      rateLimitPerMinute: 8,
    });
  });

  async function tokenFor(headers: Record<string, string>): Promise<string> {
    return ((await (await ask(undefined, headers)).json()) as { token: string }).token;
  }

  it('sign with different keys, which are all published and are the same for the same seed', async () => {
    const tokens = [await tokenFor({ apikey: KEY }), await tokenFor(ACME), await tokenFor(GLOBEX)];
    const { kid, accounts } = nudge.state;
    const kids = tokens.map((token) => decodeProtectedHeader(token).kid);
    expect(kids).toEqual([kid, accounts['acme']?.kid, accounts['globex']?.kid]);
    expect(new Set(kids).size).toBe(3);
    const jwks = (await (await fetch(nudge.jwksUrl)).json()) as JSONWebKeySet;
    for (const token of tokens) {
      await jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date(NOW_MS) });
    }
    await using again = await NudgeEmulator.start({
      seed: 'one',
      accounts: { acme: { apiKeys: ['other'] } },
    });
    expect([again.state.kid, again.state.accounts['acme']?.kid]).toEqual(kids.slice(0, 2));
  });

  it('change their keys, their short-lived tokens and their signing keys independently', async () => {
    await expectRefusal(ask(undefined, { apikey: 'acme-public-key' }), 401, /public key/);
    nudge.setApiKeys(['acme-second-key'], 'acme');
    await expectRefusal(ask(undefined, ACME), 401, /Invalid API key/);
    expect((await ask(undefined, { apikey: 'acme-second-key' })).status).toBe(200);
    nudge.setEnabled(false, 'acme');
    await expectRefusal(ask(undefined, { apikey: 'acme-second-key' }), 403, /not enabled/);
    const { kid } = nudge.state;
    const globexKid = nudge.rotateSigningKey({ account: 'globex' });
    expect(decodeProtectedHeader(await tokenFor(GLOBEX)).kid).toBe(globexKid);
    expect(decodeProtectedHeader(await askForToken()).kid).toBe(kid);
  });

  it('share the rate limit of their address, and have separate counters', async () => {
    for (const headers of [ACME, ACME, ACME, GLOBEX, GLOBEX, { apikey: KEY }, {}, { apikey: 'another' }]) {
      await ask(undefined, headers);
    }
    await expectRefusal(ask(undefined, GLOBEX), 429, /Too many requests/);
    expect(nudge.counters.byAccount).toEqual({ acme: 3, globex: 3, default: 1 });
    expect(nudge.requests.map(({ account }) => account).slice(-4)).toEqual([
      'default',
      undefined,
      undefined,
      'globex',
    ]);
  });

  it.each<[() => unknown, RegExp]>([
    [
      () => nudge.setApiKeys(['x'], 'acme2'),
      /no account has this name; the accounts are: default, acme, globex$/,
    ],
    [() => nudge.setEnabled(true, 'Acme'), /no account has this name/],
    [() => nudge.rotateSigningKey({ account: '' }), /no account has this name/],
    [() => nudge.setApiKeys(['x', 'globex-key'], 'acme'), /1: belongs to another account/],
    [() => nudge.setApiKeys(['acme-public-key'], 'acme'), /0: is a public key/],
  ])('refuse a wrong change: %s', async (change, message) => {
    const before = nudge.state;
    expect(change).toThrow(message);
    expect(nudge.state).toEqual(before);
    expect((await ask(undefined, GLOBEX)).status).toBe(200);
  });

  it.each<[Record<string, { apiKeys: string[]; publicKeys?: string[] }>, RegExp]>([
    [{ 'a b': { apiKeys: ['x'] } }, /^accounts\.a b: must have 1 to 100 letters/],
    [
      { default: { apiKeys: ['x'] } },
      /^accounts\.default: is the name of the account that the option apiKeys/,
    ],
    [{ acme: { apiKeys: [] } }, /^accounts\.acme\.apiKeys: at least one key/],
    [{ acme: { apiKeys: [KEY] } }, /^accounts\.acme\.apiKeys: a key cannot belong to two accounts/],
    [{ a: { apiKeys: ['x'] }, b: { apiKeys: ['x'] } }, /^accounts\.b\.apiKeys: a key cannot belong to two/],
    [{ a: { apiKeys: ['x'] }, b: { apiKeys: ['y'], publicKeys: ['x'] } }, /^accounts\.b\.publicKeys: a key/],
    [{ a: { apiKeys: ['x'], publicKeys: ['x'] } }, /^accounts\.a\.publicKeys: .* also be in apiKeys/],
  ])('are refused at the start when they are wrong: %j', async (accounts, message) => {
    await expect(NudgeEmulator.start({ apiKeys: [KEY], accounts })).rejects.toMatchObject({
      problems: [expect.stringMatching(message)],
    });
  });
});

describe('the rate limit', () => {
  beforeEach(async () => {
    await nudge.stop();
    nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock, rateLimitPerMinute: 2 });
  });

  it('refuses the requests beyond it in a sliding minute, and says when the next request may pass', async () => {
    await askForToken();
    nowMs += 20_500;
    await askForToken();
    const refused = await expectRefusal(ask(), 429, /Too many requests/);
    expect(refused.headers.get('retry-after')).toBe('40');
    nowMs += 39_499;
    expect((await ask()).headers.get('retry-after')).toBe('1');
    nowMs += 1;
    await askForToken();
    expect((await ask()).status).toBe(429);
  });

  it('counts requests with refused keys, is empty again after reset(), and can be off', async () => {
    await ask(undefined, {});
    await ask(undefined, {});
    expect((await ask()).status).toBe(429);
    nudge.reset();
    await askForToken();

    await nudge.stop();
    nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock, rateLimitPerMinute: false });
    for (const _ of [1, 2, 3]) await askForToken();
  });
});

describe('tokens', () => {
  it('are the same for the same seed and clock, and differ for another seed', async () => {
    const tokens = [];
    for (const seed of ['one', 'one', 'two']) {
      await nudge.stop();
      nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock, seed });
      const first = await askForToken();
      nudge.rotateSigningKey();
      tokens.push(`${first} ${await askForToken()}`);
    }
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[0]).not.toBe(tokens[2]);
  });

  it('can be signed with HS256, whose key is not published', async () => {
    await nudge.stop();
    nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock, algorithm: 'HS256' });
    const token = await askForToken();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', kid: nudge.state.kid });
    expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toHaveLength(32);
    expect(await (await fetch(nudge.jwksUrl)).json()).toEqual({ keys: [] });
  });

  it('hold the extId only with the option extIdClaim', async () => {
    expect(decodeJwt(await askForToken('expiryMins=60&extId=ada'))).not.toHaveProperty('extId');
    await nudge.stop();
    nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock, extIdClaim: 'ext' });
    expect(decodeJwt(await askForToken('expiryMins=60&extId=ada'))).toHaveProperty('ext', 'ada');
    expect(decodeJwt(await askForToken())).not.toHaveProperty('ext');
  });

  it('are signed by a new key after a rotation, and the old key stays published unless it is withdrawn', async () => {
    const verify = async (token: string) => {
      const jwks = (await (await fetch(nudge.jwksUrl)).json()) as JSONWebKeySet;
      return jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date(NOW_MS) });
    };
    const first = await askForToken();
    const kid = nudge.rotateSigningKey();
    const second = await askForToken();
    expect(decodeProtectedHeader(first).kid).not.toBe(kid);
    expect(decodeProtectedHeader(second).kid).toBe(kid);
    await verify(first);
    await verify(second);
    nudge.rotateSigningKey({ withdrawOld: true });
    await expect(verify(second)).rejects.toThrow('no applicable key');
  });
});
