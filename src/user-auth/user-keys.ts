import type { KeyObject } from 'node:crypto';
import type { Instant } from '../common/clock.js';

/** Where the keys come from that users' JWTs are verified with. */
export interface UserKeys {
  /**
   * The keys that may have signed a JWT, the likeliest first; empty when its key is unknown.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE` when the keys cannot be fetched: not the user's fault.
   */
  keysFor(jwt: string): readonly KeyObject[] | Promise<readonly KeyObject[]>;
  /** Whether what a key has verified still counts, as far as that is known without asking anybody. */
  trusts(key: KeyObject, now: Instant): boolean;
}

/** Keys that are fixed when the application starts. */
export class FixedUserKeys implements UserKeys {
  readonly #keys: readonly KeyObject[];

  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  keysFor(): readonly KeyObject[] {
    return this.#keys;
  }

  trusts(key: KeyObject): boolean {
    return this.#keys.includes(key);
  }
}
