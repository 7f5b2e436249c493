import {
  Inject,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AuthGuard, type AuthGuardAuthenticateOptions } from '@nestjs/passport';
import type { Random } from '../common/clock.js';
import { isNudgeAuthError } from '../common/errors.js';
import { NUDGE_AUTH_REGISTRATION, NUDGE_RANDOM, NUDGE_USER_VERIFIER } from '../common/injection-tokens.js';
import {
  failWith,
  forbidCaching,
  forbidEtag,
  setHeaders,
  type HttpResponse,
} from '../http/answer-headers.js';
import type { UserJwtPayload } from '../options/nudge-auth.options.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { assertHostStrategy } from './host-strategy.js';
import type { RequestWithHeaders, UserJwtVerifier } from './user-jwt-verifier.js';

type IncomingRequest = RequestWithHeaders & Record<string, unknown>;

/** The host's own strategy, asked through Nest's guard for it. */
class HostJwtGuard extends AuthGuard('jwt') {
  constructor(private readonly userProperty: string) {
    super();
  }

  override getAuthenticateOptions(): AuthGuardAuthenticateOptions {
    return { property: this.userProperty, session: false };
  }
}

/**
 * Lets signed-in users pass: by the registration's own `userJwt`, or by the host's `'jwt'` strategy. Refuses with 401
 * and `WWW-Authenticate: Bearer`; answers 503 when the users' keys cannot be fetched.
 */
@Injectable()
export class NudgeUserGuard implements CanActivate, OnApplicationBootstrap {
  readonly #registration: NudgeAuthRegistration;
  readonly #verifier: UserJwtVerifier | undefined;
  readonly #random: Random;
  readonly #modules: ModulesContainer;
  readonly #userProperty: string;
  readonly #hostGuard: CanActivate;

  constructor(
    @Inject(NUDGE_AUTH_REGISTRATION) registration: NudgeAuthRegistration,
    @Inject(NUDGE_USER_VERIFIER) verifier: UserJwtVerifier | undefined,
    @Inject(NUDGE_RANDOM) random: Random,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    this.#registration = registration;
    this.#verifier = verifier;
    this.#random = random;
    this.#modules = modules;
    this.#userProperty = registration.endpoint?.userProperty ?? 'user';
    this.#hostGuard = new HostJwtGuard(this.#userProperty);
  }

  /** Here rather than in the module, so that a guard overridden in a host's tests asks for no strategy. */
  onApplicationBootstrap(): void {
    const { endpoint } = this.#registration;
    if (this.#verifier === undefined && endpoint?.verifyStrategy === true) {
      assertHostStrategy(this.#modules, endpoint.path);
    }
  }

  /** At once where the verdict on the user's JWT is remembered: Nest then waits for nothing. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.#verifier === undefined) return this.#askHost(context);
    const request = context.switchToHttp().getRequest<IncomingRequest>();
    const user = this.#verifier.verify(request);
    return user instanceof Promise
      ? user.then(
          (verified) => this.#admit(context, request, verified),
          (error: unknown) => this.#refuse(context, error),
        )
      : this.#admit(context, request, user);
  }

  async #askHost(context: ExecutionContext): Promise<boolean> {
    try {
      return Boolean(await this.#hostGuard.canActivate(context));
    } catch (error) {
      return this.#refuse(context, error);
    }
  }

  #admit(context: ExecutionContext, request: IncomingRequest, user: UserJwtPayload | undefined): true {
    if (user === undefined) this.#refuse(context, new UnauthorizedException());
    request[this.#userProperty] = user;
    return true;
  }

  #refuse(context: ExecutionContext, error: unknown): never {
    const response = context.switchToHttp().getResponse<HttpResponse>();
    forbidCaching(response);
    forbidEtag(response);
    if (error instanceof UnauthorizedException) setHeaders(response, [['WWW-Authenticate', 'Bearer']]);
    throw isNudgeAuthError(error)
      ? failWith(error, response, this.#random, this.#registration.endpoint?.errorStatus)
      : error;
  }
}
