import {
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { UserAuthentication } from './user-authentication.js';

/** The injection token of what a registration's guards ask. */
export function userAuthenticationToken(name?: string): string {
  return name === undefined ? 'NudgeUserAuthentication' : `NudgeUserAuthentication:${name}`;
}

/**
 * Lets signed-in users pass: by the registration's own `userJwt`, or by the host's `'jwt'` strategy. Refuses with 401
 * and `WWW-Authenticate: Bearer`; answers 503 when nobody can tell who the user is. It guards the endpoint, and any route
 * or GraphQL resolver of the host's whose module imports the registration.
 *
 * @example
 * \@UseGuards(NudgeUserGuard)
 *
 * @publicApi
 */
@Injectable()
export class NudgeUserGuard implements CanActivate, OnApplicationBootstrap {
  readonly #users: UserAuthentication;

  /** @internal Nest makes it. */
  constructor(@Inject(UserAuthentication) users: UserAuthentication) {
    this.#users = users;
  }

  /** Here rather than in the module, so that a guard overridden in a host's tests asks for no strategy. */
  onApplicationBootstrap(): void {
    this.#users.bindHostStrategy();
  }

  /** At once where the user's JWT is remembered: Nest then waits for nothing. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.#users.authenticate(context);
  }
}

const namedGuards = new Map<string, Type<NudgeUserGuard>>();

/**
 * The `NudgeUserGuard` of a named registration, for routes of the host's; the same class for the same name.
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
  // Nest names the class where it cannot make it.
  Object.defineProperty(NamedUserGuard, 'name', { value: `NudgeUserGuardFor(${name})` });
  namedGuards.set(name, NamedUserGuard);
  return NamedUserGuard;
}
