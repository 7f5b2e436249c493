/** AES-256 and the HMAC of the names need this many. */
const LEAST_BYTES = 32;
/** A random key has more different bytes. With fewer it is a repeated letter or a pattern. */
const LEAST_DIFFERENT_BYTES = 12;

const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The part of an error message that says how to make a key. */
export const KEY_CURE = 'make one with: npx nestjs-nudge-auth key';

/**
 * The bytes of a key in hex, base64 or base64url.
 *
 * @returns `undefined` for a text in none of these encodings, and for a key that an attacker who reads Redis could guess.
 */
export function encryptionKeyBytes(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  // Hex digits are base64 characters too, but a random key in base64 never consists of them alone.
  const isHex = HEX.test(text);
  if (!isHex && !BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, isHex ? 'hex' : 'base64');
  return bytes.length >= LEAST_BYTES && new Set(bytes).size >= LEAST_DIFFERENT_BYTES ? bytes : undefined;
}

/** What is wrong with a list of keys and how to mend it, or `undefined` if it is good. The message never quotes a key. */
export function encryptionKeysProblem(keys: unknown): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) {
    return `must be a list of at least one key, the current one first (${KEY_CURE}), or left out`;
  }
  const bytes = keys.map(encryptionKeyBytes);
  const weak = bytes.findIndex((one) => one === undefined);
  if (weak >= 0) {
    return (
      `key ${weak + 1} of ${keys.length} must be at least ${LEAST_BYTES} random bytes in base64, base64url or hex, ` +
      `not a passphrase: an attacker who reads Redis could guess it (${KEY_CURE})`
    );
  }
  const different = new Set(bytes.map((one) => one?.toString('hex')));
  return different.size === keys.length ? undefined : 'must not hold the same key twice';
}
