import type { KeyObject } from 'node:crypto';
import type { Instant } from '../common/clock.js';

/** What a JWT's header says about its key. */
export interface UserJwtHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The source of the keys that verify the users' JWTs. */
export interface UserKeys {
  /**
   * The keys that may verify a JWT with this header; empty when its key is unknown.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE` when the keys cannot be fetched, which is not the user's fault.
   */
  keysFor(header: UserJwtHeader): readonly KeyObject[] | Promise<readonly KeyObject[]>;
  /**
   * Whether a JWT that this key has verified is still good, as far as that is known without a fetch. Left out if the keys never
   * change.
   */
  trusts?(key: KeyObject, now: Instant): boolean;
}
