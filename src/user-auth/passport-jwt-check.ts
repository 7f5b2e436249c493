import type { KeyObject } from 'node:crypto';
import { Strategy as PassportJwtStrategy } from 'passport-jwt';
import type { Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import { refusalOf, type UserJwtRefusal } from './user-jwt-refusal.js';

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
