import {
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { UserAuthentication } from './user-authentication.js';

/** The injection token of a registration's `UserAuthentication`. */
export function userAuthenticationToken(name?: string): string {
  return name === undefined ? 'NudgeUserAuthentication' : `NudgeUserAuthentication:${name}`;
}

/**
 * Lets signed-in users pass. It checks them by the registration's own `userJwt`, or else by the host's `'jwt'`
 * strategy. It refuses other callers with 401 and `WWW-Authenticate: Bearer`, and answers 503 when the check itself
 * fails. It guards the endpoint. The host can use it on its own routes and GraphQL resolvers if their module imports
 * the registration.
 *
 * @example
 * \@UseGuards(NudgeUserGuard)
 *
 * @publicApi
 */
@Injectable()
export class NudgeUserGuard implements CanActivate, OnApplicationBootstrap {
  readonly #users: UserAuthentication;

  /** @internal Nest creates the guard. */
  constructor(@Inject(UserAuthentication) users: UserAuthentication) {
    this.#users = users;
  }

  /** Done in the guard and not in the module, so that a host's test that overrides the guard needs no strategy. */
  onApplicationBootstrap(): void {
    this.#users.bindHostStrategy();
  }

  /** Answers at once, without a promise, if the user's JWT is remembered. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.#users.authenticate(context);
  }
}

const namedGuards = new Map<string, Type<NudgeUserGuard>>();

/**
 * The `NudgeUserGuard` of a named registration, for the host's own routes. The same name gives the same class.
 *
 * @example
 * \@UseGuards(NudgeUserGuardFor('emea'))
 *
 * @publicApi
 */
export function NudgeUserGuardFor(name: string): Type<NudgeUserGuard> {
  const known = namedGuards.get(name);
  if (known !== undefined) return known;
  @Injectable()
  class NamedUserGuard extends NudgeUserGuard {
    constructor(@Inject(userAuthenticationToken(name)) users: UserAuthentication) {
      super(users);
    }
  }
  // Nest shows this name if it cannot create the guard.
  Object.defineProperty(NamedUserGuard, 'name', { value: `NudgeUserGuardFor(${name})` });
  namedGuards.set(name, NamedUserGuard);
  return NamedUserGuard;
}
