import passport from 'passport';
import { isNudgeAuthError } from '../common/errors.js';
import type { Random } from '../common/clock.js';
import type { UserJwtPayload } from '../options/nudge-auth.options.js';
import { toHttpException } from '../http/nudge-http.exception.js';
import type { RequestWithHeaders, UserJwtVerifier } from './user-jwt-verifier.js';

/** `nudge-user`, or `nudge-user:<name>` for a named registration. */
export function strategyNameOf(registrationName: string | undefined): string {
  return registrationName === undefined ? 'nudge-user' : `nudge-user:${registrationName}`;
}

/**
 * A registration's verifier as a passport strategy, for the host's own routes: `AuthGuard('nudge-user')`.
 * The module's endpoint does not use it: passport is one per process, and names in it can be taken over.
 */
export class NudgeUserStrategy extends passport.Strategy {
  readonly #verifier: UserJwtVerifier;
  readonly #random: Random;

  constructor(verifier: UserJwtVerifier, random: Random) {
    super();
    this.#verifier = verifier;
    this.#random = random;
  }

  override authenticate(
    this: passport.StrategyCreated<NudgeUserStrategy>,
    request: RequestWithHeaders,
  ): void {
    // passport calls this on an object derived from the strategy, which private fields do not reach.
    const strategy = Object.getPrototypeOf(this) as NudgeUserStrategy;
    strategy.#verify(request).then(
      (payload) => (payload === undefined ? this.fail('Bearer') : this.success(payload)),
      (error: unknown) =>
        this.error(isNudgeAuthError(error) ? toHttpException(error, strategy.#random) : error),
    );
  }

  /** What the verifier throws at once is an outcome as any other. */
  async #verify(request: RequestWithHeaders): Promise<UserJwtPayload | undefined> {
    return this.#verifier.verify(request);
  }
}
