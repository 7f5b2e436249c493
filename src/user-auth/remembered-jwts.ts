import { hash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { elapsedMs, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/nudge-auth.options.js';
import type { UserKeys } from './user-keys.js';

/** Users who come back within the life of a verdict; the least recently seen is verified again. */
const MAX_VERDICTS = 10_000;
/** Claims may be long: what all verdicts take up together, as characters of their JWTs. */
const MAX_TOTAL_CHARACTERS = 16 * 1024 * 1024;

/** That a JWT was found good: by which key, and for how long that counts. */
interface Verdict {
  readonly key: KeyObject;
  readonly verifiedAt: Instant;
  readonly goodForMs: number;
  /** Seconds since the epoch, by the wall clock: its bounds lie in the JWT itself. */
  readonly notBeforeS: number;
  readonly expiresAtS: number;
  /** The claims, where none holds an object; else their JSON. Either gives every request an object of its own. */
  readonly claims: UserJwtPayload | string;
}

function isFlat(payload: UserJwtPayload): boolean {
  return Object.values(payload).every((value) => typeof value !== 'object' || value === null);
}

function claimsIn(jwt: string): string {
  const [, claims = ''] = jwt.split('.');
  return Buffer.from(claims, 'base64').toString();
}

function secondsOr(fallback: number, claim: unknown): number {
  return typeof claim === 'number' ? claim : fallback;
}

/** Not the JWT: a memory dump must not hold what opens every door. */
function nameOf(jwt: string): string {
  return hash('sha256', jwt, 'base64');
}

/**
 * Remembers which JWTs were found good, so that nobody's is verified at every request. Only good ones are let in, so
 * bad ones, however many, take no memory and push nobody out.
 */
export class VerdictCache {
  readonly #keys: UserKeys;
  readonly #ttlMs: number;
  readonly #verdicts = new LRUCache<string, Verdict>({
    max: MAX_VERDICTS,
    maxSize: MAX_TOTAL_CHARACTERS,
  });

  /** @param ttlMs milliseconds a verdict counts at most; 0 remembers nothing. */
  constructor(keys: UserKeys, ttlMs: number) {
    this.#keys = keys;
    this.#ttlMs = ttlMs;
  }

  /** How many verdicts are held. */
  get size(): number {
    return this.#verdicts.size;
  }

  /** The claims of a JWT that is known to be good, in an object that belongs to the caller. */
  find(jwt: string, now: Instant): UserJwtPayload | undefined {
    if (this.#verdicts.size === 0) return undefined;
    const name = nameOf(jwt);
    const verdict = this.#verdicts.get(name);
    if (verdict === undefined) return undefined;
    if (!this.#counts(verdict, now)) {
      this.#verdicts.delete(name);
      return undefined;
    }
    const { claims } = verdict;
    return typeof claims === 'string' ? (JSON.parse(claims) as UserJwtPayload) : { ...claims };
  }

  /** @param verifiedAt the moment by whose wall clock the JWT was found good. */
  remember(jwt: string, payload: UserJwtPayload, key: KeyObject, verifiedAt: Instant): void {
    if (this.#ttlMs === 0) return;
    const expiresAtS = secondsOr(Number.POSITIVE_INFINITY, payload['exp']);
    const verdict: Verdict = {
      key,
      verifiedAt,
      goodForMs: Math.min(this.#ttlMs, expiresAtS * SECOND_MS - verifiedAt.wallMs),
      notBeforeS: secondsOr(Number.NEGATIVE_INFINITY, payload['nbf']),
      expiresAtS,
      claims: isFlat(payload) ? { ...payload } : claimsIn(jwt),
    };
    this.#verdicts.set(nameOf(jwt), verdict, { size: jwt.length });
  }

  #counts({ key, verifiedAt, goodForMs, notBeforeS, expiresAtS }: Verdict, now: Instant): boolean {
    // Whole seconds, and no tolerance: as the verifier itself compares.
    const nowS = Math.floor(now.wallMs / SECOND_MS);
    return (
      elapsedMs(verifiedAt, now) < goodForMs &&
      nowS < expiresAtS &&
      nowS >= notBeforeS &&
      this.#keys.trusts(key, now)
    );
  }
}
