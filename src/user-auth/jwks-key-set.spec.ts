import { describe, expect, it } from '@jest/globals';
import { createSecretKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { JwksError, keyListOf } from './jwks-fetch.js';
import { JwksKeySet } from './jwks-key-set.js';

const ALL = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

function jwkOf(key: KeyObject): JsonWebKey {
  return key.export({ format: 'jwk' });
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaJwk = jwkOf(rsa.publicKey);
const ecJwk = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);

describe('a JWK set', () => {
  it('with keys of all kinds gives the keys that can verify, each with its algorithms', () => {
    const set = new JwksKeySet(
      [
        { ...rsaJwk, kid: 'rsa', use: 'sig', key_ops: ['verify'] },
        { ...ecJwk, kid: 'ec', x5c: ['not looked at'] },
        { ...jwkOf(generateKeyPairSync('ed25519').publicKey), kid: 'ed25519' },
        { ...jwkOf(generateKeyPairSync('x25519').publicKey), kid: 'x25519', use: 'sig' },
        { ...jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), kid: 'secp256k1' },
        { ...jwkOf(createSecretKey(Buffer.alloc(32))), kid: 'oct' },
        { ...jwkOf(rsa.privateKey), kid: 'private' },
        { ...jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), kid: 'short' },
        { ...rsaJwk, kid: 'enc', use: 'enc' },
        { ...rsaJwk, kid: 'sign only', key_ops: ['sign'] },
        { ...rsaJwk, kid: 'odd operations', key_ops: 'verify' },
        { ...rsaJwk, kid: 'for encryption', alg: 'RSA-OAEP' },
        { ...rsaJwk, kid: 'broken', n: 7 },
        { ...ecJwk, kid: 'off the curve', x: ecJwk.y },
        { kty: 'RSA', kid: 'empty' },
        { kty: 'unknown type', kid: 'unknown type' },
        {},
        [],
        null,
        'text',
        7,
      ],
      ALL,
    );
    expect(set.kids).toEqual(['rsa', 'ec']);
    expect(set.find({ alg: 'PS512', kid: 'rsa' })).toHaveLength(1);
    expect(set.find({ alg: 'ES256', kid: 'ec' })).toHaveLength(1);
    expect(set.find({ alg: 'ES384', kid: 'ec' })).toEqual([]);
    expect(set.find({ alg: 'RS256', kid: 'ec' })).toEqual([]);
  });

  it('with one RSA key and one EC key gives a JWT without a kid the key that fits its algorithm', () => {
    const set = new JwksKeySet([rsaJwk, { ...ecJwk, kid: 'ec' }], ALL);
    expect(set.find({ alg: 'RS256', kid: undefined })).toHaveLength(1);
    expect(set.find({ alg: 'ES256', kid: undefined })).toHaveLength(1);
    expect(set.find({ alg: 'ES512', kid: undefined })).toEqual([]);
  });

  it('may have two keys with the same kid', () => {
    const other = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    const set = new JwksKeySet(
      [
        { ...rsaJwk, kid: 'a' },
        { ...other, kid: 'a' },
      ],
      ALL,
    );
    expect(set.find({ alg: 'RS256', kid: 'a' })).toHaveLength(2);
  });

  it('is read up to its 200th key', () => {
    const list = Array.from({ length: 300 }, (_, index) => ({ ...rsaJwk, kid: `${index}` }));
    expect(new JwksKeySet(list, ALL).kids).toHaveLength(200);
  });

  it('keeps the key objects of the set that it replaces', () => {
    const former = new JwksKeySet([{ ...rsaJwk, kid: 'a' }], ALL);
    const latter = new JwksKeySet([ecJwk, { ...rsaJwk, kid: 'renamed' }], ALL, former);
    const [before] = former.find({ alg: 'RS256', kid: 'a' });
    expect(latter.find({ alg: 'RS256', kid: 'renamed' })[0]).toBe(before);
    expect([latter.size, latter.find({ alg: 'RS256', kid: 'a' })]).toEqual([2, []]);
  });
});

describe('an issuer’s answer', () => {
  it.each(['{"keys":[1]}', '\ufeff{"keys":[1]}', '  {"keys":[1],"more":{}}\n'])(
    'is read as a JWK set: %j',
    (body) => {
      expect(keyListOf({ status: 200, body })).toEqual([1]);
    },
  );

  it.each([
    { status: 302, body: '', error: 'redirect: 302' },
    { status: 404, body: '{"keys":[]}', error: 'status: 404' },
    { status: 503, body: '', error: 'status: 503' },
    { status: 200, body: '', error: 'no-jwks' },
    { status: 200, body: '<html>canary</html>', error: 'no-jwks' },
    { status: 200, body: '{"keys":{}}', error: 'no-jwks' },
    { status: 200, body: 'null', error: 'no-jwks' },
  ])('is refused: $status $body', ({ error, ...answer }) => {
    expect(() => keyListOf(answer)).toThrow(JwksError);
    expect(() => keyListOf(answer)).toThrow(new RegExp(`^${error}$`));
  });
});
