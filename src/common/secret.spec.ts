import { describe, expect, it } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { fingerprintOf, Secret } from './secret.js';
import { algorithmsFor, publicKeyObject, secretKeyObject } from './verification-keys.js';

describe('Secret', () => {
  it('shows its value only through reveal()', () => {
    const secret = new Secret('obviously-fake');
    const printed = [
      String(secret),
      secret.toString(),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: null, showHidden: true }),
      inspect(secret, { customInspect: false, showHidden: true }),
      Object.values(secret).join(),
    ].join();
    expect(printed).not.toContain('obviously-fake');
    expect(printed.match(/\[redacted\]/g)).toHaveLength(4);
    expect(secret.reveal()).toBe('obviously-fake');
  });

  it('has the beginning of its digest as fingerprint', () => {
    expect(new Secret('obviously-fake').fingerprint).toBe(fingerprintOf('obviously-fake'));
    expect(fingerprintOf('obviously-fake')).toMatch(/^[\da-f]{8}$/);
    expect(fingerprintOf('obviously-fake')).not.toBe(fingerprintOf('obviously-fake2'));
  });
});

describe('verification keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;

  it('are accepted as a string, a Buffer and a KeyObject', () => {
    const secret = createSecretKey(Buffer.from('obviously-fake'));
    for (const given of ['obviously-fake', Buffer.from('obviously-fake'), secret]) {
      expect(secretKeyObject(given).equals(secret)).toBe(true);
    }
    const pem = rsa.export({ type: 'spki', format: 'pem' });
    for (const given of [pem, Buffer.from(pem), rsa]) expect(publicKeyObject(given).equals(rsa)).toBe(true);
    expect(() => secretKeyObject(rsa)).toThrow('is a public key: pass it as publicKey');
    expect(() => publicKeyObject(Buffer.alloc(0))).toThrow('must be a PEM');
  });

  it('allow the algorithms of their type', () => {
    expect(algorithmsFor(createPublicKey(rsa.export({ type: 'spki', format: 'pem' })))).toContain('PS256');
    expect(algorithmsFor(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).not.toContain(
      'RS256',
    );
    expect(['P-256', 'P-384', 'P-521', 'secp256k1'].map((curve) => algorithmsFor(ec(curve)))).toEqual([
      ['ES256'],
      ['ES384'],
      ['ES512'],
      [],
    ]);
    expect(algorithmsFor(generateKeyPairSync('ed25519').publicKey)).toEqual([]);
  });
});
