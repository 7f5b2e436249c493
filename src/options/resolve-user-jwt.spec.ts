import { describe, expect, it } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import {
  API_KEY as apiKey,
  problemsOf,
  warningsOf,
  type Refusal,
} from '../../test/support/option-problems.js';
import { resolveNudgeAuthOptions } from './resolve-options.js';
import type { UserJwtOptions } from './user-jwt.options.js';

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

const ONE_KEY = 'must have exactly one of secret, publicKey and jwksUri:';
const SECRET_MUST = 'must be a non-empty string, Buffer or KeyObject';
const IS_PRIVATE =
  'is a PRIVATE key: verifying needs the public one only, keep the private one with the issuer';
const JWKS_MUST = 'must be an https URL without user name and password';

const HS256 = { algorithms: ['HS256'] };
const RS256 = { algorithms: ['RS256'] };
const ES256 = { algorithms: ['ES256'] };

describe('resolveNudgeAuthOptions', () => {
  describe('refuses as userJwt', () => {
    it.each<Refusal>([
      ['userJwt that is not an object', secret, 'userJwt', 'must be an object'],
      [
        'an unknown option of userJwt',
        { secret, ...HS256, alg: 1 },
        'userJwt.alg',
        'is not an option: did you mean algorithms?',
      ],
      ['userJwt without a key', HS256, 'userJwt', `${ONE_KEY} none is given`],
      [
        'userJwt with two kinds of keys',
        { secret, publicKey: rsa.publicKey, ...RS256 },
        'userJwt',
        `${ONE_KEY} secret and publicKey are given`,
      ],
      [
        'a PEM as secret',
        { secret: rsa.publicKey, ...HS256 },
        'userJwt.secret',
        'is a PEM, which is no shared secret (everyone who knows a public key could sign with it): pass a public key as publicKey',
      ],
      [
        'a public KeyObject as secret',
        { secret: createPublicKey(rsa.publicKey), ...HS256 },
        'userJwt.secret',
        'is a public key: pass it as publicKey',
      ],
      ['an empty secret', { secret: '', ...HS256 }, 'userJwt.secret', SECRET_MUST],
      ['an empty list of secrets', { secret: [], ...HS256 }, 'userJwt.secret', 'must hold at least one key'],
      ['an empty secret in a list', { secret: [secret, ''], ...HS256 }, 'userJwt.secret.1', SECRET_MUST],
      [
        'a private key as publicKey',
        { publicKey: rsa.privateKey, ...RS256 },
        'userJwt.publicKey',
        IS_PRIVATE,
      ],
      [
        'a private EC key as publicKey',
        { publicKey: ec.privateKey, ...ES256 },
        'userJwt.publicKey',
        IS_PRIVATE,
      ],
      [
        'a secret KeyObject as publicKey',
        { publicKey: createSecretKey(Buffer.from(secret)), ...RS256 },
        'userJwt.publicKey',
        'is a secret key, not a public one',
      ],
      [
        'a text that is not a PEM as publicKey',
        { publicKey: secret, ...RS256 },
        'userJwt.publicKey',
        'cannot be parsed as a PEM public key: it starts with "-----BEGIN PUBLIC KEY-----" and keeps its line breaks',
      ],
      [
        'a number as publicKey',
        { publicKey: 5, ...RS256 },
        'userJwt.publicKey',
        'must be a PEM (string or Buffer) or a KeyObject',
      ],
      [
        'HS256 for a public key',
        { publicKey: rsa.publicKey, algorithms: ['RS256', 'HS256'] },
        'userJwt.algorithms',
        'name algorithms that do not go with publicKey: use RS…, PS… and ES… only',
      ],
      [
        'RS256 for a secret',
        { secret, ...RS256 },
        'userJwt.algorithms',
        'name algorithms that do not go with secret: use HS256, HS384 and HS512 only',
      ],
      [
        'ES256 for an RSA key',
        { publicKey: [ec.publicKey, rsa.publicKey], ...ES256 },
        'userJwt.publicKey.1',
        'goes with RS256, RS384, RS512, PS256, PS384, PS512, none of which is among the algorithms',
      ],
      [
        'ES384 for a P-256 key',
        { publicKey: ec.publicKey, algorithms: ['ES384'] },
        'userJwt.publicKey',
        'goes with ES256, none of which is among the algorithms',
      ],
      [
        'an Ed25519 key',
        { publicKey: ed25519, ...RS256 },
        'userJwt.publicKey',
        expect.stringMatching(
          /^is of a type that no supported algorithm uses; RSA and EC .* EdDSA.*endpoint\.guards/,
        ),
      ],
      [
        'no algorithms',
        { secret },
        'userJwt.algorithms',
        "must be a list such as ['RS256']: pin what your issuer signs with",
      ],
      [
        'an empty list of algorithms',
        { secret, algorithms: [] },
        'userJwt.algorithms',
        "must name at least one algorithm, such as 'RS256'",
      ],
      [
        "the algorithm 'none'",
        { secret, algorithms: ['none'] },
        'userJwt.algorithms.0',
        'must be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
      ],
      [
        'a jwksUri of plain http',
        { jwksUri: 'http://id.example/keys', ...RS256 },
        'userJwt.jwksUri',
        'would fetch the keys over plain http, where an attacker could replace them: use https, or set ' +
          'userJwt.allowInsecureJwksUri to true where the network itself is trusted',
      ],
      [
        'a jwksUri with a password',
        { jwksUri: 'https://me:pass@id.example', ...RS256 },
        'userJwt.jwksUri',
        JWKS_MUST,
      ],
      ['a jwksUri that is a number', { jwksUri: 5, ...RS256 }, 'userJwt.jwksUri', JWKS_MUST],
      [
        'userJwt.http without a jwksUri',
        { secret, ...HS256, http: { proxy: false } },
        'userJwt.http',
        'has no meaning without userJwt.jwksUri: remove it',
      ],
      [
        'an empty issuer',
        { secret, ...HS256, issuer: '' },
        'userJwt.issuer',
        'must be the iss to expect, or a list of at least one',
      ],
      [
        'an empty list of audiences',
        { secret, ...HS256, audience: [] },
        'userJwt.audience',
        'must be the aud to expect, or a list of at least one',
      ],
      [
        'a rememberForMs of six minutes',
        { secret, ...HS256, rememberForMs: 360_000 },
        'userJwt.rememberForMs',
        'must be a whole number of milliseconds from 0 to 300000 (0 verifies every request)',
      ],
      [
        'an isRevoked that is not a function',
        { secret, ...HS256, isRevoked: true },
        'userJwt.isRevoked',
        'must be a function that tells whether a verified payload is refused',
      ],
    ])('%s', (_is, userJwt, path, message) => {
      expect(problemsOf({ apiKey, userJwt })).toEqual({ [path]: message });
    });
  });

  it.each<[is: string, userJwt: UserJwtOptions]>([
    ['shared secrets', { secret: [secret, Buffer.from(secret)], algorithms: ['HS256'], rememberForMs: 0 }],
    ['public keys', { publicKey: [rsa.publicKey, ec.publicKey], algorithms: ['ES256', 'PS512'] }],
    [
      'a jwksUri with a connection',
      {
        jwksUri: 'https://id.example/keys',
        algorithms: ['RS256'],
        issuer: 'https://issuer.test',
        http: { proxy: false, httpAgent: new HttpAgent(), httpsAgent: new Agent() },
      },
    ],
    [
      'a jwksUri on loopback',
      { jwksUri: 'http://127.0.0.1:4000/keys', algorithms: ['RS256'], issuer: 'a', audience: ['b'] },
    ],
  ])('accepts as userJwt %s', (_is, userJwt) => {
    expect(problemsOf({ apiKey, userJwt })).toEqual({});
    expect(warningsOf({ apiKey, userJwt })).toEqual([]);
  });

  it('warns about a jwksUri of plain http', () => {
    const jwksUri = 'http://id.mesh.internal/keys';
    const issuer = 'https://issuer.test';
    const userJwt = { jwksUri, issuer, allowInsecureJwksUri: true, algorithms: ['RS256' as const] };
    expect(warningsOf({ apiKey, userJwt })).toEqual([
      "userJwt.jwksUri is plain http: an attacker in the network can replace the keys that verify your users' JWTs " +
        '(allowInsecureJwksUri is set)',
    ]);
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
});
