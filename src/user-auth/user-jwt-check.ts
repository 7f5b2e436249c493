import type { KeyObject } from 'node:crypto';
import { Strategy as PassportJwtStrategy } from 'passport-jwt';
import type { Instant } from '../common/clock.js';
import { decodeJwt, isBase64Url } from '../common/compact-jwt.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import type { UserJwtHeader } from './user-keys.js';

/** Why a user's JWT is refused, in one word. */
export type UserJwtRefusal =
  | 'algorithm'
  | 'audience'
  | 'expired'
  | 'issuer'
  | 'malformed'
  | 'no-key'
  | 'not-yet-valid'
  | 'revoked'
  | 'signature';

/** Called for every JWT that is refused. It gets the reason and never the JWT. */
export type RefusalListener = (reason: UserJwtRefusal) => void;

/** RFC 7797 forbids JWTs whose claims are not base64url. `b64: true` states the default. */
function isEncodedAsUsual(b64: unknown): boolean {
  return b64 === undefined || b64 === true;
}

/**
 * The header of a well-formed JWT, or why the JWT is refused. passport-jwt alone would also accept signed claims that
 * are not an object, are a string with JSON in it or follow a byte order mark, JWTs with critical extensions, and
 * several spellings of one signature.
 *
 * @see RFC 7519 §7.2, RFC 7515 §4.1.11, RFC 7797 §7
 */
export function checkForm(jwt: string, algorithms: readonly string[]): UserJwtHeader | UserJwtRefusal {
  const header = decodeJwt(jwt)?.header;
  if (header === undefined || !isBase64Url(jwt.slice(jwt.lastIndexOf('.') + 1))) return 'malformed';
  const { alg, kid, crit, b64 } = header;
  if (typeof alg !== 'string' || crit !== undefined || !isEncodedAsUsual(b64)) return 'malformed';
  if (!algorithms.includes(alg)) return 'algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'malformed';
  return { alg, kid };
}

/** What passport-jwt gets in place of a request. */
interface JwtAndKey {
  readonly jwt: string;
  readonly key: KeyObject;
}

/** The result of passport-jwt: the claims, or why the JWT is refused. */
type CheckOutcome = { readonly payload: UserJwtPayload } | { readonly refusal: UserJwtRefusal };

/** Verifies signatures and claims with the strategy of passport-jwt, without passport. */
export class PassportJwtCheck {
  readonly #options: ResolvedUserJwtOptions;
  #strategy: { readonly second: number; readonly passportJwt: PassportJwtStrategy } | undefined;

  constructor(options: ResolvedUserJwtOptions) {
    this.#options = options;
  }

  /** Verifies a JWT with a key, at the given time. */
  check(jwt: string, key: KeyObject, now: Instant): CheckOutcome {
    let outcome: CheckOutcome = { refusal: 'malformed' };
    // As passport does, this runs the strategy on an object derived from it, which receives the outcome.
    const run = Object.assign(Object.create(this.#strategyAt(now)) as PassportJwtStrategy, {
      success: (payload: UserJwtPayload) => (outcome = { payload }),
      fail: (error: unknown) => (outcome = { refusal: refusalOf(error) }),
    });
    // The outcome is there at once, because no callback of this strategy is asynchronous.
    run.authenticate({ jwt, key } satisfies JwtAndKey as never);
    return outcome;
  }

  /** A strategy gets the time when it is created, so this creates one for each second in which a JWT is verified. */
  #strategyAt({ wallMs }: Instant): PassportJwtStrategy {
    const second = Math.floor(wallMs / SECOND_MS);
    if (this.#strategy?.second !== second) {
      this.#strategy = { second, passportJwt: createStrategy(this.#options, second) };
    }
    return this.#strategy.passportJwt;
  }
}

function createStrategy(
  { algorithms, issuer, audience, clockToleranceMs }: ResolvedUserJwtOptions,
  nowS: number,
): PassportJwtStrategy {
  return new PassportJwtStrategy(
    {
      jwtFromRequest: (request) => (request as unknown as JwtAndKey).jwt,
      secretOrKeyProvider: (request: JwtAndKey, _jwt, done) => done(null, request.key as never),
      algorithms: [...algorithms],
      issuer: typeof issuer === 'string' ? issuer : issuer && [...issuer],
      audience: typeof audience === 'string' ? audience : audience && [...audience],
      jsonWebTokenOptions: { clockTimestamp: nowS, clockTolerance: clockToleranceMs / SECOND_MS },
    },
    (payload: UserJwtPayload, done: (error: unknown, user: UserJwtPayload) => void) => done(null, payload),
  );
}

/** How the error messages of jsonwebtoken begin, which passport-jwt uses. */
const REASONS: readonly (readonly [message: RegExp, reason: UserJwtRefusal])[] = [
  [/^jwt audience invalid/, 'audience'],
  [/^jwt issuer invalid/, 'issuer'],
  [/^invalid (?:exp|nbf) value/, 'malformed'],
];

/** The reason for an error of passport-jwt. An error that is not about the claims is about the key or the signature. */
function refusalOf(error: unknown): UserJwtRefusal {
  const { name, message } = error as Error;
  if (name === 'TokenExpiredError') return 'expired';
  if (name === 'NotBeforeError') return 'not-yet-valid';
  return REASONS.find(([start]) => start.test(message))?.[1] ?? 'signature';
}
