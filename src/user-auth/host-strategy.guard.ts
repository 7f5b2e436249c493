import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthGuardAuthenticateOptions, type IAuthModuleOptions } from '@nestjs/passport';
import { incomingRequest } from './incoming-request.js';
import type { Strategy } from './passport-registry.js';

/** What passport puts on a strategy for one request: `success`, `fail`, `error` and so on. */
type Actions = Record<string, unknown>;

/**
 * A strategy for passport that asks another one by its instance. passport puts a request's actions on a strategy that it
 * is given, and so would mix up two requests; by a name it would ask whatever is registered under it now.
 */
class ByInstance {
  readonly #strategy: () => Strategy;

  constructor(strategy: () => Strategy) {
    this.#strategy = strategy;
  }

  /** passport has put this request's actions on `this` just before. */
  authenticate(request: unknown, options: unknown): void {
    const run = Object.assign(Object.create(this.#strategy()) as Strategy & Actions, this);
    run.authenticate(request, options);
  }
}

/** Nest's own guard for passport, with an instance in place of a name. */
export class HostStrategyGuard extends AuthGuard() {
  readonly #userProperty: string;

  constructor(strategy: () => Strategy, userProperty: string) {
    // Its types know names only; passport takes an instance as well.
    super({ defaultStrategy: new ByInstance(strategy) as unknown as string } satisfies IAuthModuleOptions);
    this.#userProperty = userProperty;
  }

  /** Of GraphQL resolvers, too. */
  override getRequest(context: ExecutionContext): unknown {
    return incomingRequest(context);
  }

  override getAuthenticateOptions(): AuthGuardAuthenticateOptions {
    return { property: this.#userProperty, session: false };
  }
}
