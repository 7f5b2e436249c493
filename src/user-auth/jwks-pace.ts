import { elapsedMs, type Instant } from '../common/clock.js';
import { doublingMs } from '../common/backoff-delay.js';
import { SECOND_MS } from '../common/durations.js';

/** The time between two fetches, unless a kid is unknown or there is no key at all. */
const FETCH_EVERY_MS = 30 * SECOND_MS;
/** Unknown kids cause at most one fetch in this time, even if there are many. */
const UNKNOWN_KID_EVERY_MS = 30 * SECOND_MS;
/** An unknown kid may cause a fetch this soon after the last one, because the issuer may have published it since. */
const UNKNOWN_KID_AFTER_MS = 5 * SECOND_MS;
/** Without any key no user is accepted, so the first attempts follow each other more quickly. */
const FIRST_RETRY_MS = SECOND_MS;

/** Why the JWKS is fetched. */
type FetchPurpose = 'first keys' | 'renewal' | 'unknown kid';

/** Says when the JWKS may be fetched again. No user, good or bad, can cause more fetches than this allows. */
export class JwksPace {
  #started = 0;
  #startedAt: Instant | undefined;
  #unknownKidAt: Instant | undefined;
  /** Failed fetches since the last successful one. */
  #failures = 0;

  /** How many fetches have been started. */
  get started(): number {
    return this.#started;
  }

  /** Milliseconds since the last fetch was started; `Infinity` before the first. */
  sinceLastMs(now: Instant): number {
    return this.#startedAt === undefined ? Number.POSITIVE_INFINITY : elapsedMs(this.#startedAt, now);
  }

  /** Milliseconds until a fetch may be started for this purpose; 0 if it may be started now. */
  waitMs(purpose: FetchPurpose, now: Instant): number {
    const sinceLastMs = this.sinceLastMs(now);
    if (purpose === 'first keys') return Math.max(0, this.#firstKeysEveryMs() - sinceLastMs);
    if (purpose === 'renewal') return Math.max(0, FETCH_EVERY_MS - sinceLastMs);
    const sinceUnknownMs =
      this.#unknownKidAt === undefined ? Number.POSITIVE_INFINITY : elapsedMs(this.#unknownKidAt, now);
    return Math.max(0, UNKNOWN_KID_AFTER_MS - sinceLastMs, UNKNOWN_KID_EVERY_MS - sinceUnknownMs);
  }

  /** Records that a fetch is started, and returns its number: 1 for the first. */
  start(purpose: FetchPurpose, now: Instant): number {
    this.#startedAt = now;
    if (purpose === 'unknown kid') this.#unknownKidAt = now;
    this.#started += 1;
    return this.#started;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
  }

  /** The first retry comes at once, because one failure may be chance. From the second failure on the waits double. */
  #firstKeysEveryMs(): number {
    return this.#failures < 2 ? 0 : doublingMs(this.#failures - 1, FIRST_RETRY_MS, FETCH_EVERY_MS);
  }
}
