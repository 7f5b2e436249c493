import { hash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { elapsedMs, type Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { UserKeys } from './user-keys.js';

/** The number of JWTs that are remembered at most. The least recently used one is forgotten first. */
const MAX_JWTS = 10_000;
/** The total length of all remembered JWTs, in characters, because claims may be long. */
const MAX_TOTAL_CHARACTERS = 16 * 1024 * 1024;

/** A JWT that was verified, with the key that verified it and the time for which the result counts. */
interface RememberedJwt {
  readonly key: KeyObject;
  readonly verifiedAt: Instant;
  readonly goodForMs: number;
  /** The claims `nbf` and `exp`, in seconds since the epoch. They are compared with the wall clock. */
  readonly notBeforeS: number;
  readonly expiresAtS: number;
  /** The claims if none of them is an object, else their JSON. Both give every request its own object. */
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

/** A digest and not the JWT itself, so that a memory dump holds no usable JWT. */
function nameOf(jwt: string): string {
  return hash('sha256', jwt, 'binary');
}

/**
 * Remembers verified JWTs, so that a JWT is not verified at every request. It remembers only good ones, so a flood of
 * bad JWTs takes no memory and pushes no good one out.
 */
export class RememberedJwts {
  readonly #keys: UserKeys;
  readonly #rememberForMs: number;
  readonly #toleranceS: number;
  readonly #jwts = new LRUCache<string, RememberedJwt>({ max: MAX_JWTS, maxSize: MAX_TOTAL_CHARACTERS });

  /**
   * @param options how long a JWT is remembered at most (0: not at all), and by how much clocks may differ;
   * milliseconds.
   */
  constructor(
    keys: UserKeys,
    options: { readonly rememberForMs: number; readonly clockToleranceMs: number },
  ) {
    this.#keys = keys;
    this.#rememberForMs = options.rememberForMs;
    this.#toleranceS = options.clockToleranceMs / SECOND_MS;
  }

  /** The number of remembered JWTs. */
  get size(): number {
    return this.#jwts.size;
  }

  /** The claims of a remembered JWT, in a new object that the caller may change. */
  find(jwt: string, now: Instant): UserJwtPayload | undefined {
    if (this.#jwts.size === 0) return undefined;
    const name = nameOf(jwt);
    const remembered = this.#jwts.get(name);
    if (remembered === undefined) return undefined;
    if (!this.#isValid(remembered, now)) {
      this.#jwts.delete(name);
      return undefined;
    }
    const { claims } = remembered;
    return typeof claims === 'string' ? (JSON.parse(claims) as UserJwtPayload) : { ...claims };
  }

  /** @param verifiedAt the time at which the JWT was verified. */
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

  #isValid({ key, verifiedAt, goodForMs, notBeforeS, expiresAtS }: RememberedJwt, now: Instant): boolean {
    // The verifier compares whole seconds, so this does too.
    const nowS = Math.floor(now.wallMs / SECOND_MS);
    return (
      elapsedMs(verifiedAt, now) < goodForMs &&
      nowS < expiresAtS &&
      nowS + this.#toleranceS >= notBeforeS &&
      this.#keys.trusts?.(key, now) !== false
    );
  }
}
