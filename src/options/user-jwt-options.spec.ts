import { describe, expect, it } from '@jest/globals';
import {
  createHash,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { API_KEY, problemsOf as problemsOfOptions } from '../../test/support/option-problems.js';
import { keyEncodingOf } from '../common/key-encoding.js';
import type { NudgeAuthOptions } from './nudge-auth.options.js';
import type { UserJwtOptions } from './user-jwt.options.js';
import { resolveNudgeAuthOptions, type ResolvedNudgeAuthOptions } from './resolve-options.js';

const SECRET = 'obviously-fake-user-secret-0123456789';
const TLS = new URL('../../test/fixtures/tls/', import.meta.url);

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  shortRsa: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: generateKeyPairSync('ed25519'),
};

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function derOf(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): Buffer {
  return key.export({ type: type as 'spki', format: 'der' });
}

function base64(of: Buffer | string): string {
  return Buffer.from(of).toString('base64');
}

function resolve(userJwt: object): ResolvedNudgeAuthOptions {
  const options = { apiKey: API_KEY, userJwt: userJwt as UserJwtOptions };
  return resolveNudgeAuthOptions(options satisfies NudgeAuthOptions);
}

/** The problems of a `userJwt`, by path. */
function problemsOf(userJwt: object): Record<string, string> {
  return problemsOfOptions({ apiKey: API_KEY, userJwt });
}

describe('a shared secret', () => {
  const { rsa, ec, ed25519 } = pairs;
  const spki = derOf(rsa.publicKey);
  const certificate = readFileSync(new URL('obviously-fake-certificate.pem', TLS), 'utf8');
  const certificateDer = new X509Certificate(certificate).raw;
  const jwk = JSON.stringify(ec.publicKey.export({ format: 'jwk' }));

  it.each([
    { is: 'PEM', as: 'PEM', key: pemOf(ec.publicKey) },
    { is: 'PEM as bytes', as: 'PEM', key: Buffer.from(pemOf(ec.publicKey)) },
    { is: 'PEM without line breaks', as: 'PEM', key: pemOf(ec.publicKey).replaceAll('\n', '\\n') },
    { is: 'PEM in base64', as: 'PEM', key: Buffer.from(pemOf(ec.publicKey)).toString('base64') },
    { is: 'PEM in a KeyObject', as: 'PEM', key: createSecretKey(Buffer.from(pemOf(rsa.publicKey))) },
    { is: 'certificate', as: 'PEM', key: certificate },
    { is: 'DER', as: 'DER', key: spki },
    { is: 'DER of PKCS #1', as: 'DER', key: derOf(rsa.publicKey, 'pkcs1') },
    { is: 'DER of Ed25519', as: 'DER', key: derOf(ed25519.publicKey) },
    { is: 'DER of a certificate', as: 'DER', key: certificateDer },
    { is: 'DER in base64', as: 'DER', key: spki.toString('base64') },
    { is: 'DER in base64url', as: 'DER', key: derOf(ec.publicKey).toString('base64url') },
    {
      is: 'DER in base64 of several lines',
      as: 'DER',
      key: `${spki.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n`,
    },
    { is: 'DER in base64, as bytes', as: 'DER', key: Buffer.from(spki.toString('base64')) },
    { is: 'JWK', as: 'JWK', key: jwk },
    { is: 'JWK in base64', as: 'JWK', key: Buffer.from(jwk).toString('base64') },
    { is: 'JWK set', as: 'JWK', key: ` {"keys":[${jwk}]}` },
    { is: 'JWK in quotes', as: 'JWK', key: JSON.stringify(jwk) },
    { is: 'JWK in single quotes', as: 'JWK', key: `'${jwk}'` },
    { is: 'list of a JWK', as: 'JWK', key: `[${jwk}]` },
    { is: 'JWK in an object', as: 'JWK', key: `{"key":${jwk}}` },
    {
      is: 'DER in base64 of several lines, as .env files have it',
      as: 'DER',
      key: `"${spki.toString('base64').replaceAll(/.{64}/g, String.raw`$&\n`)}"`,
    },
    { is: 'DER in quoted base64', as: 'DER', key: `'${spki.toString('base64')}'` },
    { is: 'DER in base64 of base64', as: 'DER', key: base64(base64(spki)) },
    { is: 'DER in hex', as: 'DER', key: spki.toString('hex') },
    {
      is: 'DER in hex with colons',
      as: 'DER',
      key: spki
        .toString('hex')
        .toUpperCase()
        .replaceAll(/..(?!$)/g, '$&:'),
    },
    { is: 'DER in a string, a character for each byte', as: 'DER', key: spki.toString('latin1') },
    { is: 'DER in a data URI', as: 'DER', key: `data:application/x-pem;base64,${spki.toString('base64')}` },
    { is: 'PEM in UTF-16', as: 'PEM', key: Buffer.from(`\uFEFF${pemOf(ec.publicKey)}`, 'utf16le') },
    {
      is: 'PEM in UTF-16 that was read as UTF-8',
      as: 'PEM',
      key: Buffer.from(`\uFEFF${pemOf(ec.publicKey)}`, 'utf16le').toString(),
    },
    { is: 'SSH key', as: 'SSH key', key: `ssh-rsa AAAA${spki.toString('base64')} ada@shop` },
  ])('stops the boot when it is a public key: $is', ({ as, key }) => {
    for (const allowWeakSecret of [false, true]) {
      expect(problemsOf({ secret: key, algorithms: ['HS256'], allowWeakSecret })).toEqual({
        'userJwt.secret': `is a ${as}, which is no shared secret (everyone who knows a public key could sign with it): pass a public key as publicKey`,
      });
    }
  });

  it.each([
    Buffer.alloc(32, '0').toString(),
    Buffer.alloc(48, 0x30).toString('base64'),
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE-not-the-rest-of-a-key',
    '{"looks":"like JSON, and is a passphrase all the same"}',
    '{ a passphrase that begins with a curly bracket',
  ])('is accepted when it only looks like a public key: %s', (secret) => {
    expect(problemsOf({ secret, algorithms: ['HS256'] })).toEqual({});
  });

  it('is accepted when it is random, as bytes, hex, base64 and base64url', () => {
    // Digests of a counter are as good as random here, and the same in every run.
    const randomOf = (n: number): Buffer => createHash('sha512').update(String(n)).digest();
    for (let n = 0; n < 1000; n++) {
      const secret = randomOf(n).subarray(0, 32 + (n % 33));
      const texts = (['hex', 'base64', 'base64url'] as const).map((encoding) => secret.toString(encoding));
      for (const given of [secret, ...texts]) expect(keyEncodingOf(Buffer.from(given))).toBeUndefined();
    }
  });

  it.each([
    { algorithms: ['HS256'], minBytes: 32 },
    { algorithms: ['HS384'], minBytes: 48 },
    { algorithms: ['HS384', 'HS256'], minBytes: 48 },
    { algorithms: ['HS512', 'HS256'], minBytes: 64 },
  ])('needs $minBytes bytes for $algorithms', ({ algorithms, minBytes }) => {
    const good = 's'.repeat(minBytes);
    expect(problemsOf({ secret: [good, Buffer.from(good)], algorithms })).toEqual({});
    const strongest = algorithms[0];
    for (const short of ['a', good.slice(1), createSecretKey(Buffer.from(good.slice(1)))]) {
      const bytes = short === 'a' ? 1 : minBytes - 1;
      expect(problemsOf({ secret: [good, short], algorithms })).toEqual({
        'userJwt.secret.1':
          `has ${bytes} bytes, and ${strongest} needs ${minBytes} at least (RFC 7518 §3.2): make one with ` +
          `"openssl rand -base64 ${minBytes}". In tests userJwt.allowWeakSecret: true lets it pass`,
      });
    }
  });

  it('may be short when allowWeakSecret is set, and brings a warning', () => {
    const { userJwt, warnings } = resolve({ secret: 'a', algorithms: ['HS512'], allowWeakSecret: true });
    expect(userJwt?.keys).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/^userJwt\.allowWeakSecret is set.*tests only/)]);
    expect(problemsOf({ secret: 'a', algorithms: ['HS256'], allowWeakSecret: 1 })).toMatchObject({
      'userJwt.allowWeakSecret': 'must be true or false',
    });
  });
});

describe('a public key', () => {
  it.each([pemOf(pairs.shortRsa.publicKey), pairs.shortRsa.publicKey])(
    'stops the boot when it is an RSA key under 2048 bits: %#',
    (publicKey) => {
      expect(problemsOf({ publicKey: [pairs.rsa.publicKey, publicKey], algorithms: ['RS256'] })).toEqual({
        'userJwt.publicKey.1':
          'is an RSA key of 1024 bits, which can be broken: let the issuer sign with one of 2048 bits at least',
      });
    },
  );

  it.each([
    { as: 'DER', publicKey: derOf(pairs.ec.publicKey) },
    { as: 'DER', publicKey: derOf(pairs.ec.publicKey).toString('base64') },
    { as: 'JWK', publicKey: JSON.stringify(pairs.ec.publicKey.export({ format: 'jwk' })) },
  ])(
    'stops the boot when it is not a PEM, with an error that says how to pass it: $as',
    ({ as, publicKey }) => {
      expect(problemsOf({ publicKey, algorithms: ['ES256'] })).toEqual({
        'userJwt.publicKey': `is a ${as} or the base64 of one: pass a PEM, or the KeyObject that crypto.createPublicKey makes of it`,
      });
    },
  );

  it('may be a certificate', () => {
    const certificate = readFileSync(new URL('obviously-fake-certificate.pem', TLS), 'utf8');
    const [algorithm] = createPublicKey(certificate).asymmetricKeyType === 'ec' ? ['ES256'] : ['RS256'];
    expect(problemsOf({ publicKey: certificate, algorithms: [algorithm] })).toEqual({});
  });
});

describe('algorithms', () => {
  it.each(['EdDSA', 'Ed25519'])('refuse %s with an error that says why and what to do', (algorithm) => {
    expect(problemsOf({ jwksUri: 'https://id.example/keys', algorithms: ['RS256', algorithm] })).toEqual({
      'userJwt.algorithms.1':
        `${algorithm} is not supported: jsonwebtoken, with which passport-jwt verifies, does not know EdDSA. ` +
        'Write a guard that verifies such JWTs and pass it as endpoint.guards',
    });
  });
});

describe('the times of userJwt', () => {
  it('have defaults and bounds', () => {
    const base = { secret: SECRET, algorithms: ['HS256'] };
    expect(resolve(base).userJwt).toMatchObject({ clockToleranceMs: 0, rememberForMs: 30_000 });
    const given = { clockToleranceMs: 60_000, rememberForMs: 0 };
    expect(resolve({ ...base, ...given }).userJwt).toMatchObject(given);
    for (const clockToleranceMs of [-1, 60_001, 0.5, '1']) {
      expect(problemsOf({ ...base, clockToleranceMs })).toEqual({
        'userJwt.clockToleranceMs': expect.stringMatching(
          /^must be a whole number of milliseconds from 0 to 60000/,
        ),
      });
    }
    expect(problemsOf({ ...base, verdictTtlMs: 0 })).toEqual({
      'userJwt.verdictTtlMs': 'is not an option: remove it or check its spelling',
    });
  });
});

describe('a jwksUri', () => {
  const base = { jwksUri: 'https://id.example/keys', algorithms: ['RS256'] };

  it('brings a warning when it stands without issuer and audience', () => {
    expect(resolve(base).warnings).toEqual([
      'userJwt.jwksUri is given without issuer and audience: every JWT that its keys have signed passes, ' +
        'also one for another application. Set userJwt.issuer and userJwt.audience',
    ]);
    expect(resolve({ ...base, issuer: 'a' }).warnings).toEqual([]);
    expect(resolve({ ...base, audience: ['a'] }).warnings).toEqual([]);
  });
});
