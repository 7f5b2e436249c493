import { createPublicKey, X509Certificate } from 'node:crypto';

/** A form in which asymmetric keys are passed around. */
export type KeyEncoding = 'PEM' | 'DER' | 'JWK' | 'SSH key';

const SSH_KEY = /^(?:ssh-|ecdsa-sha2-)\S+ AAAA/;
/** base64 and base64url, in one line or several. */
const BASE64 = /^[\w+/\-\s]{16,}={0,2}\s*$/;

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

function isDer(bytes: Buffer): boolean {
  // All of these are an ASN.1 SEQUENCE: most texts are found out without an attempt.
  if (bytes[0] !== 0x30) return false;
  return (
    works(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' })) ||
    works(() => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' })) ||
    works(() => new X509Certificate(bytes))
  );
}

function isJwk(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    const { kty, keys } = JSON.parse(text) as { kty?: unknown; keys?: unknown };
    return typeof kty === 'string' || Array.isArray(keys);
  } catch {
    // Not JSON.
    return false;
  }
}

/**
 * In which form some bytes are an asymmetric key or a certificate, also behind a layer of base64; `undefined` where
 * they are none, and so may be a shared secret.
 */
export function keyEncodingOf(material: Buffer): KeyEncoding | undefined {
  const plain = plainEncodingOf(material);
  const text = material.toString('latin1');
  if (plain !== undefined || !BASE64.test(text)) return plain;
  return plainEncodingOf(Buffer.from(text, 'base64'));
}

function plainEncodingOf(bytes: Buffer): KeyEncoding | undefined {
  const text = bytes.toString().trim();
  if (text.includes('-----BEGIN')) return 'PEM';
  if (SSH_KEY.test(text)) return 'SSH key';
  if (isJwk(text)) return 'JWK';
  return isDer(bytes) ? 'DER' : undefined;
}
