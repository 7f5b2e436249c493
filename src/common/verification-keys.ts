import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';

/** A key as people configure it: text, bytes, or already parsed. */
export type KeyMaterial = string | Buffer | KeyObject;

function isText(material: unknown): material is string | Buffer {
  return typeof material === 'string' || Buffer.isBuffer(material);
}

/**
 * The `KeyObject` of a shared HMAC secret. Made once and reused it spares every verification the parsing of the key.
 *
 * @throws {TypeError} whose message says what is wrong, without quoting the secret: empty, or a PEM (a public key used
 * as an HMAC secret lets everybody who knows it sign).
 *
 * @example
 * super({ jwtFromRequest, secretOrKey: secretKeyObject(config.getOrThrow('JWT_SECRET')), algorithms: ['HS256'] });
 */
export function secretKeyObject(secret: KeyMaterial): KeyObject {
  if (secret instanceof KeyObject) {
    if (secret.type !== 'secret') throw new TypeError(`is a ${secret.type} key: pass it as publicKey`);
    return secret;
  }
  if (!isText(secret) || secret.length === 0)
    throw new TypeError('must be a non-empty string, Buffer or KeyObject');
  if (secret.toString().includes('-----BEGIN')) {
    throw new TypeError('is a PEM, which is no shared secret: pass a public key as publicKey');
  }
  return createSecretKey(Buffer.from(secret));
}

/**
 * The `KeyObject` of a public key in PEM. Made once and reused it spares every verification the parsing of the key.
 *
 * @throws {TypeError} whose message says what is wrong, without quoting the key: not a PEM, or a private key.
 *
 * @example
 * super({ jwtFromRequest, secretOrKey: publicKeyObject(config.getOrThrow('JWT_PUBLIC_KEY')), algorithms: ['RS256'] });
 */
export function publicKeyObject(publicKey: KeyMaterial): KeyObject {
  if (publicKey instanceof KeyObject) {
    if (publicKey.type !== 'public') throw new TypeError(`is a ${publicKey.type} key, not a public one`);
    return publicKey;
  }
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
    // OpenSSL's message is left behind: it says nothing that helps here, and may quote the input.
    throw new TypeError(
      'cannot be parsed as a PEM public key: it starts with "-----BEGIN PUBLIC KEY-----" and keeps its line breaks',
    );
  }
}

const ALGORITHMS_OF_CURVES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

/** The names of the JWS algorithms that a public key can verify; none for a type that is not supported. */
export function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const pss = ['PS256', 'PS384', 'PS512'];
  if (asymmetricKeyType === 'rsa') return ['RS256', 'RS384', 'RS512', ...pss];
  if (asymmetricKeyType === 'rsa-pss') return pss;
  return ALGORITHMS_OF_CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
}
