import type { KeyObject } from 'node:crypto';
import { Strategy as PassportJwtStrategy } from 'passport-jwt';
import type { Instant } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import { refusalOf, type UserJwtRefusal } from './user-jwt-refusal.js';

/** What passport-jwt is asked about. */
interface Question {
  readonly jwt: string;
  readonly key: KeyObject;
}

/** What passport-jwt comes to: the claims, or why they do not count. */
type CheckOutcome = { readonly payload: UserJwtPayload } | { readonly refusal: UserJwtRefusal };

/** passport-jwt as the one that verifies signatures and claims, without passport around it. */
export class PassportJwtCheck {
  readonly #options: ResolvedUserJwtOptions;
  #strategy: { readonly second: number; readonly passportJwt: PassportJwtStrategy } | undefined;

  constructor(options: ResolvedUserJwtOptions) {
    this.#options = options;
  }

  /** Whether a JWT is good by a key, at a moment. */
  ask(jwt: string, key: KeyObject, now: Instant): CheckOutcome {
    let outcome: CheckOutcome = { refusal: 'malformed' };
    // passport, too, runs a strategy on an object derived from it, which receives the outcome.
    const run = Object.assign(Object.create(this.#strategyAt(now)) as PassportJwtStrategy, {
      success: (payload: UserJwtPayload) => (outcome = { payload }),
      fail: (error: unknown) => (outcome = { refusal: refusalOf(error) }),
    });
    // It has its answer at once: neither the key nor a check of the user is waited for.
    run.authenticate({ jwt, key } satisfies Question as never);
    return outcome;
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
  { algorithms, issuer, audience, clockToleranceMs }: ResolvedUserJwtOptions,
  nowS: number,
): PassportJwtStrategy {
  return new PassportJwtStrategy(
    {
      jwtFromRequest: (question) => (question as unknown as Question).jwt,
      secretOrKeyProvider: (question: Question, _jwt, done) => done(null, question.key as never),
      algorithms: [...algorithms],
      issuer: typeof issuer === 'string' ? issuer : issuer && [...issuer],
      audience: typeof audience === 'string' ? audience : audience && [...audience],
      jsonWebTokenOptions: { clockTimestamp: nowS, clockTolerance: clockToleranceMs / SECOND_MS },
    },
    (payload: UserJwtPayload, done: (error: unknown, user: UserJwtPayload) => void) => done(null, payload),
  );
}
