import { beforeEach, describe, expect, it } from '@jest/globals';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import {
  ask,
  clock,
  keys,
  nowS,
  OTHER_SECRET,
  SECRET,
  sign,
  verifierWith,
} from '../../test/support/user-jwt-verifiers.js';
import type { UserJwtRefusal } from './user-jwt-check.js';

beforeEach(() => keys.reset());

describe('a bad JWT', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each([
    { is: 'not valid yet', reason: 'not-yet-valid', sign: () => sign({ nbf: nowS() + 1 }) },
    { is: 'expired', reason: 'expired', sign: () => sign({ exp: nowS() }) },
    {
      is: 'from another issuer',
      reason: 'issuer',
      sign: () => sign({ aud: 'shop', iss: 'https://evil.example' }),
    },
    {
      is: 'for another audience',
      reason: 'audience',
      sign: () => sign({ iss: 'https://id.example', aud: 'other' }),
    },
    {
      is: 'unsigned',
      reason: 'malformed',
      sign: async () => `${encoded({ alg: 'none' })}.${encoded({ sub: 'ada' })}.`,
    },
    {
      is: 'without an algorithm but with a signature',
      reason: 'algorithm',
      sign: async () => `${encoded({ alg: 'none' })}.${encoded({})}.AAAA`,
    },
    {
      is: 'signed with an algorithm that is not allowed',
      reason: 'algorithm',
      sign: () => sign({}, { algorithm: 'HS384' }),
    },
    { is: 'without claims', reason: 'malformed', sign: async () => `${encoded({ alg: 'HS256' })}..AAAA` },
    { is: 'signed with another key', reason: 'signature', sign: () => sign({}, { key: OTHER_SECRET }) },
  ])('is refused every time and its reason is reported: $is', async (row) => {
    const refusals: UserJwtRefusal[] = [];
    const verifier = verifierWith({ issuer: 'https://id.example', audience: ['shop'] }, keys, refusals);
    const good = await sign({ iss: 'https://id.example', aud: 'shop' });
    const jwt = await row.sign();
    for (let round = 0; round < 2; round += 1) {
      expect(await ask(verifier, good)).toBeDefined();
      expect(await ask(verifier, jwt)).toBeUndefined();
    }
    expect(verifier.rememberedJwts).toBe(1);
    expect(refusals).toEqual([row.reason, row.reason]);
  });

  it('is reported with the reason that the right key gives', async () => {
    const refusals: UserJwtRefusal[] = [];
    keys.keys = [OTHER_SECRET, SECRET, pair.publicKey];
    await ask(verifierWith({}, keys, refusals), await sign({ exp: nowS() }));
    keys.keys = [];
    await ask(verifierWith({}, keys, refusals), await sign());
    keys.keys = [SECRET];
    await ask(verifierWith({ isRevoked: () => true }, keys, refusals), await sign());
    expect(refusals).toEqual(['expired', 'no-key', 'revoked']);
  });

  it('is reported for a header without a JWT, but not for a missing header', () => {
    const refusals: UserJwtRefusal[] = [];
    const verifier = verifierWith({}, keys, refusals);
    expect(verifier.verify({ headers: {} })).toBeUndefined();
    expect(verifier.verify({ headers: { authorization: 'Basic YTpi' } })).toBeUndefined();
    expect(refusals).toEqual(['malformed']);
  });

  it('is refused if a public key was used as the shared secret', async () => {
    keys.keys = [pair.publicKey];
    const secret = createSecretKey(Buffer.from(publicPem));
    for (const algorithms of [['RS256'], ['RS256', 'HS256'], ['HS256']] as const) {
      const verifier = verifierWith({ algorithms });
      expect(await ask(verifier, await sign({}, { key: secret }))).toBeUndefined();
    }
    expect(
      await ask(
        verifierWith({ algorithms: ['RS256'] }),
        await sign({}, { key: pair.privateKey, algorithm: 'RS256' }),
      ),
    ).toBeDefined();
  });

  it('is not read if the header is too long', async () => {
    const verifier = verifierWith();
    const jwt = await sign({ padding: 'x'.repeat(16_000) });
    expect(await ask(verifier, jwt)).toBeUndefined();
    for (const authorization of [
      'Bearer'.padEnd(100_000),
      `${'a'.repeat(50_000)}.b.c`,
      '.'.repeat(100_000),
    ]) {
      expect(verifier.verify({ headers: { authorization } })).toBeUndefined();
    }
    expect(keys.verifications).toBe(0);
  });

  it('is refused if its signature is not encoded in the usual way', async () => {
    keys.keys = [pair.publicKey];
    const verifier = verifierWith({ algorithms: ['RS256'] });
    const jwt = await sign({}, { key: pair.privateKey, algorithm: 'RS256' });
    // The base64url text of 256 bytes ends in two characters, and four bits of the last one are unused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spare = alphabet.charAt(alphabet.indexOf(jwt.at(-1) ?? '') + 1);
    expect(await ask(verifier, jwt.slice(0, -1) + spare)).toBeUndefined();
    expect(await ask(verifier, `${jwt}A`)).toBeUndefined();
    expect(await ask(verifier, jwt)).toBeDefined();
  });
});

describe('a good JWT', () => {
  it('is accepted if its issuer and one of its audiences are in the lists', async () => {
    const verifier = verifierWith({
      issuer: ['https://id.example', 'https://id2.example'],
      audience: ['shop', 'app'],
    });
    const iss = 'https://id2.example';
    expect(await ask(verifier, await sign({ iss, aud: ['other', 'app'] }))).toBeDefined();
    expect(await ask(verifier, await sign({ iss, aud: ['other'] }))).toBeUndefined();
    expect(await ask(verifier, await sign({ iss: 'https://id3.example', aud: 'app' }))).toBeUndefined();
  });

  it('may be 12 kB long', async () => {
    const groups = Array.from({ length: 300 }, (_, index) => `group-of-a-large-directory-${index}`);
    const jwt = await sign({ groups });
    expect(jwt.length).toBeGreaterThan(12_000);
    expect(await ask(verifierWith(), jwt)).toMatchObject({ groups });
  });

  it('fails with the error of isRevoked if that fails', async () => {
    const verifier = verifierWith({
      isRevoked: () => Promise.reject(new Error('the session store is down')),
    });
    const jwt = await sign();
    await expect(ask(verifier, jwt)).rejects.toThrow('the session store is down');
    await expect(ask(verifier, jwt)).rejects.toThrow('the session store is down');
  });
});

describe('with clockToleranceMs', () => {
  it('a JWT is accepted that much earlier and later, remembered or not', async () => {
    const verifier = verifierWith({ clockToleranceMs: 5_000, rememberForMs: 300_000 });
    const early = await sign({ nbf: nowS() + 6 });
    const late = await sign({ exp: nowS() + 20 });
    expect(await ask(verifier, early)).toBeUndefined();
    clock.advance(1_000);
    expect(await ask(verifier, early)).toBeDefined();
    clock.stepWall(-1_000);
    expect(await ask(verifier, early)).toBeUndefined();
    expect(await ask(verifier, late)).toBeDefined();
    clock.advance(25_000 - (clock.now().wallMs % 1000) - 1);
    expect(await ask(verifier, late)).toBeDefined();
    clock.advance(1);
    expect(await ask(verifier, late)).toBeUndefined();
  });

  it('a JWT that is 2 s early is accepted only if the tolerance is 2 s', async () => {
    const jwt = await sign({ nbf: nowS() + 2 });
    expect(await ask(verifierWith(), jwt)).toBeUndefined();
    expect(await ask(verifierWith({ clockToleranceMs: 2_000 }), jwt)).toBeDefined();
  });
});
