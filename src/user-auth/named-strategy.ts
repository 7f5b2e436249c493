import type { ModulesContainer } from '@nestjs/core';
import passport from 'passport';
import type { Random } from '../common/clock.js';
import { isNudgeAuthError } from '../common/errors.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { toHttpException } from '../http/nudge-http.exception.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import { register, registeredStrategy, withdraw } from './passport-registry.js';
import { claimStrategy, ownerOf } from './strategy-owners.js';
import type { UserAuthentication } from './user-authentication.js';
import type { RequestWithHeaders } from './incoming-request.js';

/** A registration's verifier as a passport strategy: for `AuthGuard(userJwt.strategyName)` on the host's own routes. */
class NudgeUserStrategy extends passport.Strategy {
  readonly #users: UserAuthentication;
  readonly #random: Random;

  constructor(users: UserAuthentication, random: Random) {
    super();
    this.#users = users;
    this.#random = random;
  }

  override authenticate(
    this: passport.StrategyCreated<NudgeUserStrategy>,
    request: RequestWithHeaders,
  ): void {
    // passport calls this on an object derived from the strategy, which has no private fields.
    const strategy = Object.getPrototypeOf(this) as NudgeUserStrategy;
    strategy.#verify(request).then(
      (payload) => (payload === undefined ? this.fail('Bearer') : this.success(payload)),
      (error: unknown) =>
        this.error(isNudgeAuthError(error) ? toHttpException(error, strategy.#random) : error),
    );
  }

  /** Turns an error that the verifier throws at once into a rejection. */
  async #verify(request: RequestWithHeaders): Promise<UserJwtPayload | undefined> {
    return this.#users.verify(request);
  }
}

/**
 * Registers a verifier in passport under the name that the host has chosen.
 *
 * @param parts.subject names the registration in the error.
 * @returns a function that removes the strategy from passport.
 * @throws {InvalidNudgeAuthOptionsError} when the name is taken. passport itself would replace the other strategy
 * silently.
 */
export function registerUserStrategy(
  name: string,
  parts: { users: UserAuthentication; random: Random; modules: ModulesContainer; subject: string },
): () => void {
  const { users, random, modules, subject } = parts;
  const holder = registeredStrategy(name);
  if (holder !== undefined && ownerOf(modules, holder) !== 'a closed application') {
    throw new InvalidNudgeAuthOptionsError(subject, [
      {
        path: 'userJwt.strategyName',
        message:
          'is the name of a strategy that is registered in passport already, by this or another application of the ' +
          'process: choose another name, or leave it out and guard your routes with NudgeUserGuard',
      },
    ]);
  }
  const strategy = new NudgeUserStrategy(users, random);
  register(name, strategy);
  claimStrategy(modules, strategy);
  return () => withdraw(name, strategy);
}
