import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

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
