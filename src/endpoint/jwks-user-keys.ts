import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { JwksClient } from 'jwks-rsa';
import { NudgeAuthError } from '../common/errors.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserKeys } from './user-keys.js';

const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** More keys than any issuer publishes at once. */
const MAX_JWKS_BYTES = 256 * 1024;

function headerOf(jwt: string): { readonly kid?: string } | undefined {
  try {
    return decodeProtectedHeader(jwt);
  } catch {
    // Not a JWT, and nobody's fault but the caller's: not worth a question to the issuer.
    return undefined;
  }
}

/** The client's own fetch waits for ever on an answer that breaks off, and reads one of any size. */
async function fetchKeys(uri: string): Promise<{ keys: unknown }> {
  const response = await fetch(uri, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_JWKS_BYTES) throw new Error('the answer is too large');
  }
  if (!response.ok) throw new Error(`the answer has the status ${response.status}`);
  return JSON.parse(text) as { keys: unknown };
}

function unavailable(): NudgeAuthError {
  return new NudgeAuthError(
    'USER_KEYS_UNAVAILABLE',
    "The keys that verify users' JWTs cannot be fetched from userJwt.jwksUri",
  );
}

/** The keys that an issuer publishes, fetched by `jwks-rsa`. */
export class JwksUserKeys implements UserKeys {
  readonly #client: Pick<JwksClient, 'getSigningKey'>;
  readonly #isUnknownKey: (error: unknown) => boolean;

  private constructor(client: Pick<JwksClient, 'getSigningKey'>, isUnknownKey: (error: unknown) => boolean) {
    this.#client = client;
    this.#isUnknownKey = isUnknownKey;
  }

  /**
   * @throws {Error} when the optional peer `jwks-rsa` is not installed.
   */
  static async create(jwksUri: string): Promise<JwksUserKeys> {
    const { JwksClient, SigningKeyNotFoundError } = await import('jwks-rsa').catch((cause: unknown) => {
      throw new Error('userJwt.jwksUri needs the package jwks-rsa: npm install jwks-rsa@4', { cause });
    });
    const client = new JwksClient({ jwksUri, fetcher: fetchKeys, rateLimit: true });
    return new JwksUserKeys(client, (error) => error instanceof SigningKeyNotFoundError);
  }

  async keysFor(jwt: string): Promise<readonly KeyObject[]> {
    const header = headerOf(jwt);
    if (header === undefined) return [];
    try {
      const key = await this.#client.getSigningKey(header.kid);
      return [createPublicKey(key.getPublicKey())];
    } catch (error) {
      if (this.#isUnknownKey(error)) return [];
      // What the fetch complained of stays behind: it may quote an answer that is not ours to log.
      throw unavailable();
    }
  }
}
