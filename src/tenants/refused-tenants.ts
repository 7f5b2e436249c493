import { LRUCache } from 'lru-cache';
import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { NudgeAuthError } from '../common/errors.js';
import { Backoff } from '../vendor/backoff.js';

/** The limit of remembered ids. The host is asked again for an id that was dropped. */
const MOST_REFUSED = 10_000;

interface Refusal {
  readonly error: NudgeAuthError;
  /** Counts failures in a row. */
  readonly backoff: Backoff;
  readonly since: Instant;
  readonly forMs: number;
}

/** Ids that get no token for now. They are kept apart from the tenants, so that an invented id never evicts a tenant. */
export class RefusedTenants {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #byId = new LRUCache<string, Refusal>({ max: MOST_REFUSED });

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Why the host must not be asked for this id now; `undefined` if it may. */
  refusalOf(id: string): NudgeAuthError | undefined {
    const refusal = this.#byId.get(id);
    if (refusal === undefined) return undefined;
    const retryAfterMs = refusal.forMs - elapsedMs(refusal.since, this.#clock.now());
    if (retryAfterMs <= 0) return undefined;
    const { code, message } = refusal.error;
    return new NudgeAuthError(code, message, { retryAfterMs });
  }

  /** Refuses an id for a while. */
  refuseFor(id: string, error: NudgeAuthError, forMs: number): void {
    this.#set(id, error, new Backoff(this.#clock, this.#random), forMs);
  }

  /** Refuses an id, each time for longer. Returns for how many milliseconds. */
  backOff(id: string, error: NudgeAuthError): number {
    const backoff = this.#byId.get(id)?.backoff ?? new Backoff(this.#clock, this.#random);
    const forMs = backoff.fail();
    this.#set(id, error, backoff, forMs);
    return forMs;
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  #set(id: string, error: NudgeAuthError, backoff: Backoff, forMs: number): void {
    this.#byId.set(id, { error, backoff, since: this.#clock.now(), forMs });
  }
}
