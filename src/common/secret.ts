import { createHash, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';

const REDACTED = '[redacted]';
const DERIVED_BYTES = 32;

/** The first eight hexadecimal digits of the SHA-256 digest. They distinguish two secrets and do not reveal them. */
export function fingerprintOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}

/** A string that appears as `[redacted]` in logs, in JSON and in `util.inspect`. */
export class Secret {
  readonly #value: string;
  /** Stands for the secret in logs and status reports, and does not reveal it. */
  readonly fingerprint: string;

  constructor(value: string) {
    this.#value = value;
    this.fingerprint = fingerprintOf(value);
  }

  /** Returns the value. Call it only at the place where the value is sent or used. */
  reveal(): string {
    return this.#value;
  }

  /**
   * Derives 32 bytes from the secret (HKDF with SHA-256). The same secret always gives the same bytes. The bytes do not
   * reveal the secret.
   *
   * @param purpose different purposes give unrelated bytes.
   */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#value, 'nestjs-nudge-auth', purpose, DERIVED_BYTES));
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
