import type { KeyObject } from 'node:crypto';

/** Where the keys come from that users' JWTs are verified with. */
export interface UserKeys {
  /**
   * The keys that may have signed a JWT, the likeliest first; empty when its key is unknown.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE` when the keys cannot be fetched: not the user's fault.
   */
  keysFor(jwt: string): readonly KeyObject[] | Promise<readonly KeyObject[]>;
}
