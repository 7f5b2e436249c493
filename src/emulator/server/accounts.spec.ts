import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  EMULATOR_KEY,
  emulatorForEachTest,
  expectRefusal,
  NOW_MS,
} from '../../../test/support/emulator-client.js';
import { DEFAULT_EMULATOR_API_KEY, NudgeEmulator } from '../index.js';

const client = emulatorForEachTest();

describe('an account', () => {
  it('has private keys, which rotate, and public keys, which are refused with a message that says so', async () => {
    await client.restart({ publicKeys: ['public-canary'] });
    expect((await client.ask(undefined, { apikey: 'second' })).status).toBe(200);
    await expectRefusal(client.ask(undefined, { apikey: 'public-canary' }), 401, /public key.*invented/);
    client.nudge.setApiKeys(['third']);
    await expectRefusal(client.ask(), 401, /Invalid API key/);
    expect((await client.ask(undefined, { apikey: 'third' })).status).toBe(200);
  });

  it('accepts an obviously fake key by default', async () => {
    await using other = await NudgeEmulator.start();
    const response = await fetch(`${other.url}/clients/jwt/token?expiryMins=60`, {
      headers: { APIKEY: DEFAULT_EMULATOR_API_KEY },
    });
    expect(response.status).toBe(200);
  });

  it('gets 403 when its short-lived tokens are off', async () => {
    client.nudge.setEnabled(false);
    await expectRefusal(client.ask(), 403, /not enabled.*invented/);
    client.nudge.setEnabled(true);
    await client.token();
  });
});

describe('several accounts', () => {
  const ACME = { apikey: 'acme-key' };
  const GLOBEX = { apikey: 'globex-key' };

  beforeEach(async () => {
    const accounts = {
      acme: { apiKeys: ['acme-key'], publicKeys: ['acme-public-key'] },
      globex: { apiKeys: ['globex-key'] },
    };
    await client.restart({ accounts, seed: 'one', rateLimitPerMinute: 8 });
  });

  async function tokenFor(headers: Record<string, string>): Promise<string> {
    return ((await (await client.ask(undefined, headers)).json()) as { token: string }).token;
  }

  it('sign with different keys, which are all published and are the same for the same seed', async () => {
    const tokens = [await tokenFor({ apikey: EMULATOR_KEY }), await tokenFor(ACME), await tokenFor(GLOBEX)];
    const { kid, accounts } = client.nudge.state;
    const kids = tokens.map((token) => decodeProtectedHeader(token).kid);
    expect(kids).toEqual([kid, accounts['acme']?.kid, accounts['globex']?.kid]);
    expect(new Set(kids).size).toBe(3);
    const jwks = (await (await fetch(client.nudge.jwksUrl)).json()) as JSONWebKeySet;
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
    await expectRefusal(client.ask(undefined, { apikey: 'acme-public-key' }), 401, /public key/);
    client.nudge.setApiKeys(['acme-second-key'], 'acme');
    await expectRefusal(client.ask(undefined, ACME), 401, /Invalid API key/);
    expect((await client.ask(undefined, { apikey: 'acme-second-key' })).status).toBe(200);
    client.nudge.setEnabled(false, 'acme');
    await expectRefusal(client.ask(undefined, { apikey: 'acme-second-key' }), 403, /not enabled/);
    const { kid } = client.nudge.state;
    const globexKid = client.nudge.rotateSigningKey({ account: 'globex' });
    expect(decodeProtectedHeader(await tokenFor(GLOBEX)).kid).toBe(globexKid);
    expect(decodeProtectedHeader(await client.token()).kid).toBe(kid);
  });

  it('share the rate limit of their address, and have separate counters', async () => {
    for (const headers of [
      ACME,
      ACME,
      ACME,
      GLOBEX,
      GLOBEX,
      { apikey: EMULATOR_KEY },
      {},
      { apikey: 'another' },
    ]) {
      await client.ask(undefined, headers);
    }
    await expectRefusal(client.ask(undefined, GLOBEX), 429, /Too many requests/);
    expect(client.nudge.counters.byAccount).toEqual({ acme: 3, globex: 3, default: 1 });
    expect(client.nudge.requests.map(({ account }) => account).slice(-4)).toEqual([
      'default',
      undefined,
      undefined,
      'globex',
    ]);
  });

  it.each<[is: string, change: () => unknown, message: RegExp]>([
    [
      'keys for an unknown account',
      () => client.nudge.setApiKeys(['x'], 'acme2'),
      /no account has this name; the accounts are: default, acme, globex$/,
    ],
    ['a name in another case', () => client.nudge.setEnabled(true, 'Acme'), /no account has this name/],
    ['an empty name', () => client.nudge.rotateSigningKey({ account: '' }), /no account has this name/],
    [
      'the key of another account',
      () => client.nudge.setApiKeys(['x', 'globex-key'], 'acme'),
      /1: belongs to another account/,
    ],
    [
      'a public key as private key',
      () => client.nudge.setApiKeys(['acme-public-key'], 'acme'),
      /0: is a public key/,
    ],
  ])('refuse a wrong change: %s', async (_is, change, message) => {
    const before = client.nudge.state;
    expect(change).toThrow(message);
    expect(client.nudge.state).toEqual(before);
    expect((await client.ask(undefined, GLOBEX)).status).toBe(200);
  });

  it.each<[Record<string, { apiKeys: string[]; publicKeys?: string[] }>, RegExp]>([
    [{ 'a b': { apiKeys: ['x'] } }, /^accounts\.a b: must have 1 to 100 letters/],
    [
      { default: { apiKeys: ['x'] } },
      /^accounts\.default: is the name of the account that the option apiKeys/,
    ],
    [{ acme: { apiKeys: [] } }, /^accounts\.acme\.apiKeys: at least one key/],
    [{ acme: { apiKeys: [EMULATOR_KEY] } }, /^accounts\.acme\.apiKeys: a key cannot belong to two accounts/],
    [{ a: { apiKeys: ['x'] }, b: { apiKeys: ['x'] } }, /^accounts\.b\.apiKeys: a key cannot belong to two/],
    [{ a: { apiKeys: ['x'] }, b: { apiKeys: ['y'], publicKeys: ['x'] } }, /^accounts\.b\.publicKeys: a key/],
    [{ a: { apiKeys: ['x'], publicKeys: ['x'] } }, /^accounts\.a\.publicKeys: .* also be in apiKeys/],
  ])('are refused at the start when they are wrong: %j', async (accounts, message) => {
    await expect(NudgeEmulator.start({ apiKeys: [EMULATOR_KEY], accounts })).rejects.toMatchObject({
      problems: [expect.stringMatching(message)],
    });
  });
});
