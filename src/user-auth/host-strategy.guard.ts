import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthGuardAuthenticateOptions, type IAuthModuleOptions } from '@nestjs/passport';
import { incomingRequest } from './incoming-request.js';
import type { Strategy } from './passport-registry.js';

/** The functions that passport sets on a strategy for one request: `success`, `fail`, `error` and so on. */
type Actions = Record<string, unknown>;

/**
 * A passport strategy that delegates to one instance of another strategy. If passport got the instance itself, it would
 * set the functions of two concurrent requests on the same object. If it got a name, it would use the strategy that is
 * registered under that name now, which may be another application's.
 */
class InstanceStrategy {
  readonly #strategy: () => Strategy;

  constructor(strategy: () => Strategy) {
    this.#strategy = strategy;
  }

  /** passport calls this after it has set the functions of this request on `this`. */
  authenticate(request: unknown, options: unknown): void {
    const run = Object.assign(Object.create(this.#strategy()) as Strategy & Actions, this);
    run.authenticate(request, options);
  }
}

/** Nest's guard for passport, with a strategy instance instead of a name. */
export class HostStrategyGuard extends AuthGuard() {
  readonly #userProperty: string;

  constructor(strategy: () => Strategy, userProperty: string) {
    // The types allow only a name; passport accepts an instance too.
    super({
      defaultStrategy: new InstanceStrategy(strategy) as unknown as string,
    } satisfies IAuthModuleOptions);
    this.#userProperty = userProperty;
  }

  /** Also finds the request of a GraphQL resolver. */
  override getRequest(context: ExecutionContext): unknown {
    return incomingRequest(context);
  }

  override getAuthenticateOptions(): AuthGuardAuthenticateOptions {
    return { property: this.#userProperty, session: false };
  }
}
