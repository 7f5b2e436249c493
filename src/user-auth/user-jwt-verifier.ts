import type { KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Strategy as PassportJwtStrategy } from 'passport-jwt';
import type { Clock, Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/nudge-auth.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-options.js';
import { JwksUserKeys } from './jwks-user-keys.js';
import { FixedUserKeys, type UserKeys } from './user-keys.js';
import { VerdictCache } from './remembered-jwts.js';

/** A request of either adapter, as far as it is needed here. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What passport-jwt is asked about. */
interface Question {
  readonly jwt: string;
  readonly key: KeyObject;
}

/** As much as Node takes for all headers together; nothing longer is worth a look. */
const MAX_HEADER_LENGTH = 16 * 1024;

const BEARER = 'Bearer ';
const BEARER_OR_BARE = /^(?:Bearer\s+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

function authorizationOf({ headers: { authorization } }: RequestWithHeaders): string | undefined {
  return typeof authorization === 'string' && authorization.length <= MAX_HEADER_LENGTH
    ? authorization
    : undefined;
}

/** The user's JWT: after `Bearer`, or bare as the vendor's sample clients send it. */
export function extractUserJwt(request: RequestWithHeaders): string | undefined {
  return BEARER_OR_BARE.exec(authorizationOf(request)?.trim() ?? '')?.[1];
}

/**
 * passport-jwt also lets pass signed claims that are no object, or the text of one, and JWTs with extensions that must be
 * understood.
 *
 * @see RFC 7519 §7.2, RFC 7515 §4.1.11
 */
function isUsable(jwt: string): boolean {
  try {
    decodeJwt(jwt);
    return decodeProtectedHeader(jwt).crit === undefined;
  } catch {
    // Its claims are no object.
    return false;
  }
}

/** What passport-jwt comes to with one key: the payload, or `undefined` where the JWT is not good by that key. */
function ask(strategy: PassportJwtStrategy, question: Question): UserJwtPayload | undefined {
  let outcome: UserJwtPayload | undefined;
  // passport, too, runs a strategy on an object derived from it, which receives the outcome.
  const run = Object.assign(Object.create(strategy) as PassportJwtStrategy, {
    success: (payload: UserJwtPayload) => {
      if (isUsable(question.jwt)) outcome = payload;
    },
    fail: () => undefined,
    error: () => undefined,
  });
  try {
    // It has its answer at once: neither the key nor the verdict on the claims is waited for.
    run.authenticate(question as never);
  } catch {
    // It stumbles over signed claims and headers that are no object.
  }
  return outcome;
}

/** Verifies the JWTs of one registration's users. Nobody else's: it is never looked up by a name. */
export class UserJwtVerifier {
  readonly #options: ResolvedUserJwtOptions;
  readonly #keys: UserKeys;
  readonly #clock: Clock;
  readonly #verdicts: VerdictCache;
  #strategy: { readonly second: number; readonly passportJwt: PassportJwtStrategy } | undefined;

  constructor(options: ResolvedUserJwtOptions, keys: UserKeys, clock: Clock) {
    this.#options = options;
    this.#keys = keys;
    this.#clock = clock;
    this.#verdicts = new VerdictCache(keys, options.verdictTtlMs);
  }

  /** How many JWTs are known to be good. */
  get rememberedVerdicts(): number {
    return this.#verdicts.size;
  }

  /**
   * The claims of the request's JWT, in an object of this request's own; `undefined` where there is no JWT, or none that
   * is good. At once where the verdict is remembered, so that nothing is waited for.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE`.
   */
  verify(request: RequestWithHeaders): UserJwtPayload | undefined | Promise<UserJwtPayload | undefined> {
    const authorization = authorizationOf(request);
    if (authorization === undefined) return undefined;
    if (authorization.startsWith(BEARER)) {
      const remembered = this.#verdicts.find(authorization.slice(BEARER.length), this.#clock.now());
      if (remembered !== undefined) return this.#unlessRevoked(remembered);
    }
    const jwt = extractUserJwt(request);
    return jwt === undefined ? undefined : this.#verifyJwt(jwt);
  }

  async #verifyJwt(jwt: string): Promise<UserJwtPayload | undefined> {
    const payload = this.#verdicts.find(jwt, this.#clock.now()) ?? (await this.#askForVerdict(jwt));
    return payload === undefined ? undefined : this.#unlessRevoked(payload);
  }

  async #askForVerdict(jwt: string): Promise<UserJwtPayload | undefined> {
    const keys = await this.#keys.keysFor(jwt);
    const now = this.#clock.now();
    for (const key of keys) {
      const payload = ask(this.#strategyAt(now), { jwt, key });
      if (payload !== undefined) {
        this.#verdicts.remember(jwt, payload, key, now);
        return payload;
      }
    }
    return undefined;
  }

  #unlessRevoked(payload: UserJwtPayload): UserJwtPayload | undefined | Promise<UserJwtPayload | undefined> {
    return this.#options.isRevoked === undefined ? payload : this.#askHost(this.#options.isRevoked, payload);
  }

  async #askHost(
    isRevoked: NonNullable<ResolvedUserJwtOptions['isRevoked']>,
    payload: UserJwtPayload,
  ): Promise<UserJwtPayload | undefined> {
    // Whatever is truthy revokes: a host's look-up may answer 1 where its type says true.
    return (await isRevoked(payload)) ? undefined : payload;
  }

  /** Told the time when it is made, so that there is one for every second in which something is verified. */
  #strategyAt({ wallMs }: Instant): PassportJwtStrategy {
    const second = Math.floor(wallMs / SECOND_MS);
    if (this.#strategy?.second !== second) {
      this.#strategy = { second, passportJwt: createStrategy(this.#options, second) };
    }
    return this.#strategy.passportJwt;
  }
}

function createStrategy(
  { algorithms, issuer, audience }: ResolvedUserJwtOptions,
  nowS: number,
): PassportJwtStrategy {
  return new PassportJwtStrategy(
    {
      jwtFromRequest: (question) => (question as unknown as Question).jwt,
      secretOrKeyProvider: (question: Question, _jwt, done) => done(null, question.key as never),
      algorithms: [...algorithms],
      issuer: typeof issuer === 'string' ? issuer : issuer && [...issuer],
      audience: typeof audience === 'string' ? audience : audience && [...audience],
      jsonWebTokenOptions: { clockTimestamp: nowS },
    },
    (payload: UserJwtPayload, done: (error: unknown, user: UserJwtPayload) => void) => done(null, payload),
  );
}

/**
 * The verifier for a registration's `userJwt`.
 *
 * @throws {Error} when its keys come from a JWKS and the optional peer `jwks-rsa` is not installed.
 */
export async function createUserJwtVerifier(
  options: ResolvedUserJwtOptions,
  clock: Clock,
): Promise<UserJwtVerifier> {
  const { jwksUri, keys, algorithms } = options;
  const userKeys =
    jwksUri === undefined ? new FixedUserKeys(keys) : await JwksUserKeys.create(jwksUri, algorithms, clock);
  return new UserJwtVerifier(options, userKeys, clock);
}
