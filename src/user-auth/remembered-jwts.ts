import { hash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { elapsedMs, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { UserKeys } from './user-keys.js';

/** Users who come back while they are remembered; the least recently seen is verified again. */
const MAX_JWTS = 10_000;
/** Claims may be long: what all remembered JWTs take up together, as characters. */
const MAX_TOTAL_CHARACTERS = 16 * 1024 * 1024;

/** A JWT that was found good: by which key, and for how long that counts. */
interface RememberedJwt {
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
  return hash('sha256', jwt, 'binary');
}

/**
 * Remembers which JWTs were found good, so that none is verified at every request. Only good ones are let in, so bad
 * ones, however many, take no memory and push no good one out.
 */
export class RememberedJwts {
  readonly #keys: UserKeys;
  readonly #rememberForMs: number;
  readonly #toleranceS: number;
  readonly #jwts = new LRUCache<string, RememberedJwt>({ max: MAX_JWTS, maxSize: MAX_TOTAL_CHARACTERS });

  /** @param options milliseconds that a JWT is remembered at most (0 remembers none), and by which clocks may differ. */
  constructor(
    keys: UserKeys,
    options: { readonly rememberForMs: number; readonly clockToleranceMs: number },
  ) {
    this.#keys = keys;
    this.#rememberForMs = options.rememberForMs;
    this.#toleranceS = options.clockToleranceMs / SECOND_MS;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#jwts.size;
  }

  /** The claims of a JWT that is known to be good, in an object that belongs to the caller. */
  find(jwt: string, now: Instant): UserJwtPayload | undefined {
    if (this.#jwts.size === 0) return undefined;
    const name = nameOf(jwt);
    const remembered = this.#jwts.get(name);
    if (remembered === undefined) return undefined;
    if (!this.#counts(remembered, now)) {
      this.#jwts.delete(name);
      return undefined;
    }
    const { claims } = remembered;
    return typeof claims === 'string' ? (JSON.parse(claims) as UserJwtPayload) : { ...claims };
  }

  /** @param verifiedAt the moment by whose wall clock the JWT was found good. */
  remember(jwt: string, payload: UserJwtPayload, key: KeyObject, verifiedAt: Instant): void {
    if (this.#rememberForMs === 0) return;
    const expiresAtS = secondsOr(Number.POSITIVE_INFINITY, payload['exp']) + this.#toleranceS;
    const remembered: RememberedJwt = {
      key,
      verifiedAt,
      goodForMs: Math.min(this.#rememberForMs, expiresAtS * SECOND_MS - verifiedAt.wallMs),
      notBeforeS: secondsOr(Number.NEGATIVE_INFINITY, payload['nbf']),
      expiresAtS,
      claims: isFlat(payload) ? { ...payload } : claimsIn(jwt),
    };
    this.#jwts.set(nameOf(jwt), remembered, { size: jwt.length });
  }

  #counts({ key, verifiedAt, goodForMs, notBeforeS, expiresAtS }: RememberedJwt, now: Instant): boolean {
    // In whole seconds, as the verifier itself compares.
    const nowS = Math.floor(now.wallMs / SECOND_MS);
    return (
      elapsedMs(verifiedAt, now) < goodForMs &&
      nowS < expiresAtS &&
      nowS + this.#toleranceS >= notBeforeS &&
      this.#keys.trusts(key, now)
    );
  }
}
