import { AsyncResource } from 'node:async_hooks';
import type { KeyObject } from 'node:crypto';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { fetchKeyList, JwksError, type FetchJwks } from './jwks-fetch.js';
import { JwksKeySet } from './jwks-key-set.js';
import { JwksPace } from './jwks-pace.js';
import { SeenKids } from './seen-kids.js';
import type { UserJwtHeader, UserKeys } from './user-keys.js';

/** From this age on keys are fetched again in the background, to notice withdrawn keys and to know new ones in time. */
const RENEW_AFTER_MS = 5 * MINUTE_MS;
/** From this age on a request waits for a new fetch, so that a withdrawn key is trusted no longer than this. */
const TRUSTED_FOR_MS = 10 * MINUTE_MS;
/** How long the last good keys are used while fetches fail. */
const LAST_GOOD_FOR_MS = HOUR_MS;

/** If the last fetch is more recent than this, the last good keys are used without waiting for the next one. */
const ASKED_LATELY_MS = 30 * SECOND_MS;
/** After a failed fetch this is longer, so that no user with a known key waits for a hanging issuer. */
const FAILED_LATELY_MS = MINUTE_MS;

/** Each key costs one verification. No issuer publishes so many under one kid. */
const MAX_KEYS_OF_A_KID = 8;

interface FetchedKeys {
  readonly set: JwksKeySet;
  readonly at: Instant;
  /** The number of the fetch that brought the keys. Fetches are counted from 1 in the order of their start. */
  readonly fetch: number;
}

interface JwksUserKeysSettings {
  /** Names the issuer in events: its address without the query. */
  readonly url: string;
  readonly fetchJwks: FetchJwks;
  readonly algorithms: readonly string[];
  readonly clock: Clock;
  readonly events: NudgeAuthEvents;
}

/** The keys that an issuer publishes. */
export class JwksUserKeys implements UserKeys {
  readonly #settings: JwksUserKeysSettings;
  readonly #pace = new JwksPace();
  readonly #seenKids = new SeenKids();
  /** A fetch serves all users, so it does not run in the async context of the user who caused it. */
  readonly #ownContext = new AsyncResource('NudgeUserKeys');
  #keys: FetchedKeys | undefined;
  #fetching: Promise<void> | undefined;
  #failure: JwksError | undefined;

  constructor(settings: JwksUserKeysSettings) {
    this.#settings = settings;
  }

  async keysFor(header: UserJwtHeader): Promise<readonly KeyObject[]> {
    const now = this.#settings.clock.now();
    const known = this.#find(header);
    if (known.length > 0 && this.#isTrusted(now)) {
      if (this.#ageMs(now) >= RENEW_AFTER_MS) void this.#fetchIfDue('renewal', now);
      return this.#choose(header, known);
    }
    const purpose = known.length > 0 ? 'renewal' : 'unknown kid';
    const seenBefore =
      known.length > 0 ? (this.#keys?.fetch ?? 0) : this.#seenKids.see(header.kid, this.#pace.started);
    await this.#fetchIfDue(purpose, now);
    const later = this.#settings.clock.now();
    if (this.#ageMs(later) >= LAST_GOOD_FOR_MS) throw this.#unavailable('renewal', later);
    const found = this.#find(header);
    // Only a fetch that began after the kid was seen can prove that the issuer does not publish it.
    const isKnownToBeUnknown = this.#failure === undefined && (this.#keys?.fetch ?? 0) > seenBefore;
    if (found.length === 0 && !isKnownToBeUnknown) throw this.#unavailable(purpose, later);
    return this.#choose(header, found);
  }

  trusts(key: KeyObject, now: Instant): boolean {
    return this.#isTrusted(now) && this.#keys?.set.has(key) === true;
  }

  #find(header: UserJwtHeader): readonly KeyObject[] {
    return this.#keys?.set.find(header) ?? [];
  }

  /** A JWT without a kid gets a key only if exactly one fits. */
  #choose({ kid }: UserJwtHeader, found: readonly KeyObject[]): readonly KeyObject[] {
    if (kid === undefined && found.length > 1) return [];
    return found.slice(0, MAX_KEYS_OF_A_KID);
  }

  /** Whether the keys may be used without a new fetch: they are recent, or a fetch was tried a moment ago. */
  #isTrusted(now: Instant): boolean {
    const ageMs = this.#ageMs(now);
    if (ageMs < TRUSTED_FOR_MS) return true;
    const latelyMs = this.#failure === undefined ? ASKED_LATELY_MS : FAILED_LATELY_MS;
    return ageMs < LAST_GOOD_FOR_MS && this.#pace.sinceLastMs(now) < latelyMs;
  }

  #ageMs(now: Instant): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : elapsedMs(this.#keys.at, now);
  }

  #hasKeys(): boolean {
    return this.#keys !== undefined && this.#keys.set.size > 0;
  }

  #waitMs(purpose: 'renewal' | 'unknown kid', now: Instant): number {
    return this.#pace.waitMs(this.#hasKeys() ? purpose : 'first keys', now);
  }

  #unavailable(purpose: 'renewal' | 'unknown kid', now: Instant): NudgeAuthError {
    return new NudgeAuthError(
      'USER_KEYS_UNAVAILABLE',
      this.#failure === undefined
        ? "A user's JWT names a key that userJwt.jwksUri may have published since it was last fetched"
        : "The keys that verify users' JWTs cannot be fetched from userJwt.jwksUri",
      // If the next attempt may be made at once, the client still waits a second.
      { cause: this.#failure, retryAfterMs: Math.max(SECOND_MS, this.#waitMs(purpose, now)) },
    );
  }

  /** Joins the fetch that is under way, or starts one if it may. Resolves when that fetch has succeeded or failed. */
  #fetchIfDue(purpose: 'renewal' | 'unknown kid', now: Instant): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#waitMs(purpose, now) > 0) return Promise.resolve();
    const number = this.#pace.start(this.#hasKeys() ? purpose : 'first keys', now);
    this.#fetching = this.#ownContext
      .runInAsyncScope(() => this.#fetch(number))
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #fetch(number: number): Promise<void> {
    const { fetchJwks, clock, algorithms } = this.#settings;
    try {
      const former = this.#keys?.set;
      const set = new JwksKeySet(await fetchKeyList(fetchJwks, clock), algorithms, former);
      // Withdrawn kids count as seen before this fetch, so that they are refused without another one.
      for (const kid of former?.kids ?? []) this.#seenKids.see(kid, number - 1);
      this.#keys = { set, at: clock.now(), fetch: number };
      // The old keys are dropped even if the new list has no usable key. Without a key no JWT can be judged.
      if (set.size === 0) throw new JwksError('no-usable-key');
      this.#succeeded();
    } catch (error) {
      this.#failed(error as JwksError);
    }
  }

  #succeeded(): void {
    this.#pace.succeeded();
    if (this.#failure !== undefined) this.#settings.events.emit({ type: 'user-keys-back' });
    this.#failure = undefined;
  }

  #failed(error: JwksError): void {
    this.#pace.failed();
    const hasBegun = this.#failure === undefined;
    this.#failure = error;
    if (!hasBegun) return;
    const { reason, detail } = error;
    this.#settings.events.emit({ type: 'user-keys-lost', reason, detail, url: this.#settings.url });
  }
}
