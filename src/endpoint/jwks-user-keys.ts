import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { JwksClient } from 'jwks-rsa';
import { NudgeAuthError } from '../common/errors.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserKeys } from './user-keys.js';

const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

function keyIdOf(jwt: string): string | undefined {
  try {
    return decodeProtectedHeader(jwt).kid;
  } catch {
    // Not a JWT: no key fits, and the verifier says why.
    return undefined;
  }
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
    const client = new JwksClient({ jwksUri, timeout: FETCH_TIMEOUT_MS, rateLimit: true });
    return new JwksUserKeys(client, (error) => error instanceof SigningKeyNotFoundError);
  }

  async keysFor(jwt: string): Promise<readonly KeyObject[]> {
    try {
      const key = await this.#client.getSigningKey(keyIdOf(jwt));
      return [createPublicKey(key.getPublicKey())];
    } catch (error) {
      if (this.#isUnknownKey(error)) return [];
      // What the fetch complained of stays behind: it may quote an answer that is not ours to log.
      throw unavailable();
    }
  }
}
