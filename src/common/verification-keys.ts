import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { keyEncodingOf } from './key-encoding.js';

/**
 * A key in a configuration: text, bytes, or a parsed key.
 *
 * @publicApi
 */
export type KeyMaterial = string | Buffer | KeyObject;

function isText(material: unknown): material is string | Buffer {
  return typeof material === 'string' || Buffer.isBuffer(material);
}

/** An attacker can break a shorter RSA key (NIST SP 800-131A, RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048;

function assertNoPublicKey(secret: Buffer): void {
  const encoding = keyEncodingOf(secret);
  if (encoding === undefined) return;
  throw new TypeError(
    `is a ${encoding}, which is no shared secret (everyone who knows a public key could sign with it): pass a public key as publicKey`,
  );
}

/**
 * The `KeyObject` of a shared HMAC secret. Create it once and reuse it, so that each verification need not parse it.
 *
 * @throws {TypeError} when the secret is empty, or is a key of another kind as PEM, DER, JWK or the base64 of one.
 * (With a public key as the HMAC secret, everyone who knows that key could sign.) The message never quotes the secret.
 *
 * @example
 * super({ jwtFromRequest, secretOrKey: secretKeyObject(config.getOrThrow('JWT_SECRET')), algorithms: ['HS256'] });
 *
 * @publicApi
 */
export function secretKeyObject(secret: KeyMaterial): KeyObject {
  if (secret instanceof KeyObject) {
    if (secret.type !== 'secret') throw new TypeError(`is a ${secret.type} key: pass it as publicKey`);
    assertNoPublicKey(secret.export());
    return secret;
  }
  if (!isText(secret) || secret.length === 0)
    throw new TypeError('must be a non-empty string, Buffer or KeyObject');
  const bytes = Buffer.from(secret);
  assertNoPublicKey(bytes);
  return createSecretKey(bytes);
}

/**
 * The `KeyObject` of a public key in PEM. Create it once and reuse it, so that each verification need not parse it.
 *
 * @throws {TypeError} when the key is not a PEM, is a private key, or is an RSA key of less than 2048 bits. The message
 * never quotes the key.
 *
 * @example
 * super({ jwtFromRequest, secretOrKey: publicKeyObject(config.getOrThrow('JWT_PUBLIC_KEY')), algorithms: ['RS256'] });
 *
 * @publicApi
 */
export function publicKeyObject(publicKey: KeyMaterial): KeyObject {
  const key = publicKey instanceof KeyObject ? publicKey : parsePem(publicKey);
  if (key.type !== 'public') throw new TypeError(`is a ${key.type} key, not a public one`);
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS) {
    throw new TypeError(
      `is an RSA key of ${modulusLength} bits, which can be broken: let the issuer sign with one of ${MIN_RSA_BITS} bits at least`,
    );
  }
  return key;
}

function parsePem(publicKey: string | Buffer): KeyObject {
  if (!isText(publicKey) || publicKey.length === 0) {
    throw new TypeError('must be a PEM (string or Buffer) or a KeyObject');
  }
  const pem = publicKey.toString();
  if (pem.includes('PRIVATE KEY-----')) {
    throw new TypeError(
      'is a PRIVATE key: verifying needs the public one only, keep the private one with the issuer',
    );
  }
  try {
    return createPublicKey(pem);
  } catch {
    // OpenSSL's message is dropped: it does not help the operator, and may quote the key.
    const encoding = keyEncodingOf(Buffer.from(publicKey));
    throw new TypeError(
      encoding === undefined || encoding === 'PEM'
        ? 'cannot be parsed as a PEM public key: it starts with "-----BEGIN PUBLIC KEY-----" and keeps its line breaks'
        : `is a ${encoding} or the base64 of one: pass a PEM, or the KeyObject that crypto.createPublicKey makes of it`,
    );
  }
}

const ALGORITHMS_OF_CURVES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

/** The names of the JWS algorithms that a public key can verify; empty for a key type that is not supported. */
export function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const pss = ['PS256', 'PS384', 'PS512'];
  if (asymmetricKeyType === 'rsa') return ['RS256', 'RS384', 'RS512', ...pss];
  if (asymmetricKeyType === 'rsa-pss') return pss;
  return ALGORITHMS_OF_CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
}
