import { asNudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';

/** Counts failures by their code. Failures are never on the hot path. */
export class FailureCounts {
  readonly #byCode = new Map<NudgeAuthErrorCode, number>();

  add(code: NudgeAuthErrorCode): void {
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
  }

  /** Settles as `work` does, and counts its failure. */
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

/** How requests for a token ended. Plain integers, so that the hot path pays almost nothing. The metrics read them. */
export class RequestCounts {
  /** The caller got a held token at once. */
  held = 0;
  /** The caller waited for a renewal and got its token. */
  waited = 0;
  /** The caller got a held token that should have been renewed by now. */
  stale = 0;
  readonly failed = new FailureCounts();
}

/** How checks of users' JWTs ended. */
export class UserJwtCheckCounts {
  /** The module remembered the JWT as good from a short while ago. */
  remembered = 0;
  verified = 0;
  refused = 0;
  /** The module could not fetch the keys that verify the JWT. */
  keysUnavailable = 0;
}

/** Calls to the vendor: every attempt counts, even if no caller waits for it any more. */
export class VendorCallCounts {
  succeeded = 0;
  readonly failed = new FailureCounts();

  /** Settles as the call does, and counts its end. */
  async of<T>(call: Promise<T>): Promise<T> {
    const fetched = await this.failed.of(call);
    this.succeeded += 1;
    return fetched;
  }
}

/** The counts of one registration, from all of its parts. */
export class Counts {
  readonly requests = new RequestCounts();
  readonly userJwtChecks = new UserJwtCheckCounts();
  readonly vendorCalls = new VendorCallCounts();
  #callsWaiting = 0;

  /** The number of calls that wait for a place in the budget now. */
  get callsWaiting(): number {
    return this.#callsWaiting;
  }

  /** Counts one more waiting call while `place` is pending. */
  async whileWaiting(place: Promise<void>): Promise<void> {
    this.#callsWaiting += 1;
    await place.finally(() => (this.#callsWaiting -= 1));
  }
}
