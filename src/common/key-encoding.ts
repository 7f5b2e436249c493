import { createPublicKey, X509Certificate } from 'node:crypto';

/** A common encoding of asymmetric keys. */
type KeyEncoding = 'PEM' | 'DER' | 'JWK' | 'SSH key';

const SSH_KEY = /^(?:ssh-|ecdsa-sha2-)\S+ AAAA/;
const QUOTED = /^(["'`])([^]*)\1$/;
const DATA_URI = /^data:[^,]*,([^]*)$/i;
const HEX = /^(?:0x)?([\da-f]{32,})$/i;
/** base64 and base64url. */
const BASE64 = /^[\w+/-]{16,}={0,2}$/;

/** How many layers of encoding to remove from a key: for example base64 of a quoted text that is base64 itself. */
const MAX_LAYERS = 4;

/** An escaped line break or tab, as a .env file writes it. */
const ESCAPED_SPACE = /\\[nrt]/g;
/** The extra characters that appear when UTF-16 text is read as UTF-8. */
const OF_UTF_16 = /[\0\uFEFF\uFFFD]/g;

/** Removes white space, and the colons of a hex dump. */
function compact(text: string): string {
  return text.replaceAll(ESCAPED_SPACE, '').replaceAll(/[\s:]/g, '');
}

/** Each function removes one kind of layer, and returns `undefined` if the text has no such layer. */
const UNWRAP: readonly ((text: string) => Buffer | string | undefined)[] = [
  (text) => QUOTED.exec(text)?.[2]?.replaceAll(/\\(["'`])/g, '$1'),
  (text) => DATA_URI.exec(text)?.[1],
  (text) => {
    const hex = HEX.exec(compact(text))?.[1];
    return hex === undefined ? undefined : Buffer.from(hex, 'hex');
  },
  (text) => (BASE64.test(compact(text)) ? Buffer.from(compact(text), 'base64') : undefined),
];

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    // The failure is the answer.
    return false;
  }
}

function isDer(bytes: Buffer): boolean {
  // Each of these starts with an ASN.1 SEQUENCE. The check avoids three costly attempts for most texts.
  if (bytes[0] !== 0x30) return false;
  return (
    works(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' })) ||
    works(() => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' })) ||
    works(() => new X509Certificate(bytes))
  );
}

/** Whether the value is a JWK, or a set, a list or another object that holds one. */
function isJwk(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('kty' in value) return typeof value.kty === 'string';
  return ('keys' in value && Array.isArray(value.keys)) || Object.values(value).some(isJwk);
}

function isJwkText(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    return isJwk(JSON.parse(text.replaceAll(ESCAPED_SPACE, ' ')));
  } catch {
    // Not JSON.
    return false;
  }
}

/** Some configurations keep the bytes of a DER in a string, one character for each byte. */
function bytesOfCharacters(material: Buffer): Buffer {
  return Buffer.from(material.toString(), 'latin1');
}

/**
 * The encoding in which some bytes hold an asymmetric key or a certificate, also behind layers of quotes, base64 or
 * hex; `undefined` where they hold none: then they may be a shared secret.
 */
export function keyEncodingOf(material: Buffer, layers = MAX_LAYERS): KeyEncoding | undefined {
  const text = material.toString().replaceAll(OF_UTF_16, '').trim();
  if (text.includes('-----BEGIN')) return 'PEM';
  if (SSH_KEY.test(text)) return 'SSH key';
  if (isJwkText(text)) return 'JWK';
  if (isDer(material) || isDer(bytesOfCharacters(material))) return 'DER';
  if (layers === 0) return undefined;
  for (const unwrap of UNWRAP) {
    const inner = unwrap(text);
    const encoding = inner === undefined ? undefined : keyEncodingOf(Buffer.from(inner), layers - 1);
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}
