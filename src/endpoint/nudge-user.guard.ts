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
import { NUDGE_AUTH_REGISTRATION, NUDGE_RANDOM, NUDGE_USER_VERIFIER } from '../nudge-auth.decorators.js';
import { failWith, forbidCaching, forbidEtag, setHeader, type HttpResponse } from './answer-headers.js';
import type { NudgeAuthRegistration } from './endpoint.options.js';
import { assertHostStrategy } from './host-strategy.js';
import type { RequestWithHeaders, UserJwtVerifier } from './user-jwt-verifier.js';

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

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const response = context.switchToHttp().getResponse<HttpResponse>();
    try {
      await this.#authenticate(context);
      return true;
    } catch (error) {
      forbidCaching(response);
      forbidEtag(response);
      if (error instanceof UnauthorizedException) setHeader(response, 'WWW-Authenticate', 'Bearer');
      throw isNudgeAuthError(error)
        ? failWith(error, response, this.#random, this.#registration.endpoint?.errorStatus)
        : error;
    }
  }

  async #authenticate(context: ExecutionContext): Promise<void> {
    if (this.#verifier === undefined) {
      await this.#hostGuard.canActivate(context);
      return;
    }
    const request = context.switchToHttp().getRequest<RequestWithHeaders>();
    const user = await this.#verifier.verify(request);
    if (user === undefined) throw new UnauthorizedException();
    Reflect.set(request, this.#userProperty, user);
  }
}
