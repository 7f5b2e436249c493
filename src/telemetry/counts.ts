import { asNudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';

/** Counts outcomes by the code of their error. Only failures pass here: they are never on the hot path. */
export class FailureCounts {
  readonly #byCode = new Map<NudgeAuthErrorCode, number>();

  add(code: NudgeAuthErrorCode): void {
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
  }

  /** Settles as `work` does; its failure is counted. */
  async of<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.add(asNudgeAuthError(error).code);
      throw error;
    }
  }

  entries(): Iterable<[code: NudgeAuthErrorCode, count: number]> {
    return this.#byCode.entries();
  }
}

/** How requests for a token ended. Integers, which cost the hot path nothing; metrics are read from them. */
export class RequestCounts {
  /** A held token was given at once. */
  held = 0;
  /** A renewal was waited for, and its token given. */
  waited = 0;
  /** A held token was given that should have been renewed by now. */
  stale = 0;
  readonly failed = new FailureCounts();
}

/** How checks of users' JWTs ended. */
export class UserJwtCheckCounts {
  /** The JWT had been found good a short while ago. */
  remembered = 0;
  verified = 0;
  refused = 0;
  /** The keys to verify it with could not be had. */
  keysUnavailable = 0;
}

/** Calls to the vendor: every attempt counts. */
export class VendorCallCounts {
  succeeded = 0;
  readonly failed = new FailureCounts();
}

/** What is counted of one registration's work, in all of its parts. */
export class Counts {
  readonly requests = new RequestCounts();
  readonly userJwtChecks = new UserJwtCheckCounts();
  readonly vendorCalls = new VendorCallCounts();
  #callsWaiting = 0;

  /** How many calls wait for their place in the budget now. */
  get callsWaiting(): number {
    return this.#callsWaiting;
  }

  /** Counts one more call that waits, as long as `place` is pending. */
  async whileWaiting(place: Promise<void>): Promise<void> {
    this.#callsWaiting += 1;
    await place.finally(() => (this.#callsWaiting -= 1));
  }
}
