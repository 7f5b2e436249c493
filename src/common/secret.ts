import { createHash, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';

const REDACTED = '[redacted]';
const DERIVED_BYTES = 32;

/** The first eight hexadecimal digits of a SHA-256 digest: enough to tell two secrets apart, useless to recover one. */
export function fingerprintOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}

/** A string that prints as `[redacted]` wherever it is logged, serialised or inspected. */
export class Secret {
  readonly #value: string;
  /** Names the secret in logs and status reports without giving it away. */
  readonly fingerprint: string;

  constructor(value: string) {
    this.#value = value;
    this.fingerprint = fingerprintOf(value);
  }

  /** The value itself. To be called where it leaves for its destination, and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /**
   * 32 bytes that everybody who has the secret can derive (HKDF with SHA-256), and from which it cannot be recovered.
   *
   * @param purpose different purposes get unrelated bytes.
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
