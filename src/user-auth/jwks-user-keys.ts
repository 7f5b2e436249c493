import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { JwksClient } from 'jwks-rsa';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { fetchJwks } from './jwks-fetch.js';
import type { UserKeys } from './user-keys.js';

/** However many unknown kids come, and however the last attempt ended. */
const ASK_EVERY_MS = 30 * SECOND_MS;
/** While there is not a single key nobody can come in, so the first attempts follow each other quicker. */
const FIRST_RETRY_MS = SECOND_MS;
/** Renewed behind the users' backs, so that withdrawn keys are noticed and new ones known before they are used. */
const RENEW_AFTER_MS = 5 * MINUTE_MS;
/** Keys that were not looked at for so long are waited for: a withdrawn key counts no longer than this. */
const TRUSTED_FOR_MS = 10 * MINUTE_MS;
/** How long the last good keys serve while no others can be fetched. */
const LAST_GOOD_FOR_MS = HOUR_MS;

/** How long after a failed attempt the next one, too, is made behind the users' backs, so that none waits for a hanging issuer. */
const UNASKED_FOR_MS = 2 * ASK_EVERY_MS;

interface UserJwtHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

interface PublishedKey {
  readonly kid: string | undefined;
  /** The only algorithm it may be used with, where the issuer says so (RFC 7517 §4.4). */
  readonly alg: string | undefined;
  readonly key: KeyObject;
}

interface KeySet {
  readonly fetchedAt: Instant;
  readonly published: readonly PublishedKey[];
  readonly all: ReadonlySet<KeyObject>;
  /** By their PEM, so that a key which is published again stays the same object. */
  readonly byPem: ReadonlyMap<string, KeyObject>;
}

function unavailable(): NudgeAuthError {
  return new NudgeAuthError(
    'USER_KEYS_UNAVAILABLE',
    "The keys that verify users' JWTs cannot be fetched from userJwt.jwksUri",
  );
}

/** `jwks-rsa` rejects for a list without a key of use, too. That list counts: whoever withdraws all keys means it. */
function noneWhereNoneIsOfUse(error: unknown): never[] {
  if (Reflect.get(Object(error), 'name') === 'JwksError') return [];
  throw error;
}

/** The keys that an issuer publishes: fetched and read by `jwks-rsa`, kept and renewed here. */
export class JwksUserKeys implements UserKeys {
  readonly #client: Pick<JwksClient, 'getSigningKeys'>;
  readonly #algorithms: readonly string[];
  readonly #clock: Clock;
  #keys: KeySet | undefined;
  #asking: Promise<void> | undefined;
  #askedAt: Instant | undefined;
  /** Attempts since the last good one. */
  #failures = 0;

  constructor(client: Pick<JwksClient, 'getSigningKeys'>, algorithms: readonly string[], clock: Clock) {
    this.#client = client;
    this.#algorithms = algorithms;
    this.#clock = clock;
  }

  /**
   * @throws {Error} when the optional peer `jwks-rsa` is not installed.
   */
  static async create(jwksUri: string, algorithms: readonly string[], clock: Clock): Promise<JwksUserKeys> {
    const { JwksClient } = await import('jwks-rsa').catch((cause: unknown) => {
      throw new Error('userJwt.jwksUri needs the package jwks-rsa: npm install jwks-rsa@4', { cause });
    });
    return new JwksUserKeys(new JwksClient({ jwksUri, fetcher: fetchJwks }), algorithms, clock);
  }

  async keysFor(jwt: string): Promise<readonly KeyObject[]> {
    const header = this.#headerOf(jwt);
    if (header === undefined) return [];
    const now = this.#clock.now();
    const known = this.#find(header);
    if (known.length > 0 && this.#isTrusted(now)) {
      if (this.#ageMs(now) >= RENEW_AFTER_MS) void this.#ask(now);
      return known;
    }
    await this.#ask(now);
    if (this.#ageMs(this.#clock.now()) >= LAST_GOOD_FOR_MS) throw unavailable();
    const found = this.#find(header);
    // While nobody can say whether the issuer has a new key, it is not the user who is at fault.
    if (found.length === 0 && this.#failures > 0) throw unavailable();
    return found;
  }

  trusts(key: KeyObject, now: Instant): boolean {
    return this.#isTrusted(now) && this.#keys?.all.has(key) === true;
  }

  /** Whether the keys may be used without asking first: because they are recent, or because it is no use to ask. */
  #isTrusted(now: Instant): boolean {
    const ageMs = this.#ageMs(now);
    return ageMs < TRUSTED_FOR_MS || (ageMs < LAST_GOOD_FOR_MS && this.#hasAskedLately(now));
  }

  #hasAskedLately(now: Instant): boolean {
    if (this.#askedAt === undefined) return false;
    return elapsedMs(this.#askedAt, now) < (this.#failures > 0 ? UNASKED_FOR_MS : ASK_EVERY_MS);
  }

  #ageMs(now: Instant): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : elapsedMs(this.#keys.fetchedAt, now);
  }

  /** Without a kid there is no telling which, unless there is but one. */
  #find(header: UserJwtHeader): readonly KeyObject[] {
    if (this.#keys === undefined) return [];
    const { all, published } = this.#keys;
    if (header.kid === undefined && all.size !== 1) return [];
    const usable = published.filter(
      ({ kid, alg }) =>
        (header.kid === undefined || kid === header.kid) && (alg === undefined || alg === header.alg),
    );
    return [...new Set(usable.map(({ key }) => key))];
  }

  #headerOf(jwt: string): UserJwtHeader | undefined {
    try {
      const { alg, kid } = decodeProtectedHeader(jwt);
      // Refused whatever the key: not worth a question to the issuer.
      return alg !== undefined && this.#algorithms.includes(alg) ? { alg, kid } : undefined;
    } catch {
      // Not a JWT.
      return undefined;
    }
  }

  #mayAsk(now: Instant): boolean {
    if (this.#askedAt === undefined) return true;
    const hasKeys = this.#keys !== undefined && this.#keys.all.size > 0;
    const waitMs = hasKeys ? ASK_EVERY_MS : this.#firstKeysWaitMs();
    return elapsedMs(this.#askedAt, now) >= waitMs;
  }

  /** One failure may be a hiccup; from the second on the waits double. */
  #firstKeysWaitMs(): number {
    return this.#failures < 2 ? 0 : Math.min(ASK_EVERY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 2));
  }

  /** Resolves when the attempt that is under way, or begun now if one may be, has ended, well or badly. */
  #ask(now: Instant): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    if (!this.#mayAsk(now)) return Promise.resolve();
    this.#askedAt = now;
    this.#asking = this.#fetch().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    try {
      const signingKeys = await this.#client.getSigningKeys().catch(noneWhereNoneIsOfUse);
      const byPem = new Map<string, KeyObject>();
      const published = signingKeys.map((one): PublishedKey => {
        const pem = one.getPublicKey();
        const key = byPem.get(pem) ?? this.#keys?.byPem.get(pem) ?? createPublicKey(pem);
        byPem.set(pem, key);
        return { kid: one.kid, alg: one.alg, key };
      });
      this.#keys = { fetchedAt: this.#clock.now(), published, all: new Set(byPem.values()), byPem };
      // Without a single key nobody can say who the user is: that is no user's fault.
      this.#failures = published.length === 0 ? this.#failures + 1 : 0;
    } catch {
      // What the fetch complained of stays behind: it may quote an answer that is not ours to log.
      this.#failures += 1;
    }
  }
}
