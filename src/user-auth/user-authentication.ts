import { UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Clock, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { isNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import {
  failWith,
  forbidCaching,
  forbidEtag,
  setHeaders,
  type HttpResponse,
} from '../http/answer-headers.js';
import { arrivalOf } from '../http/arrival.js';
import { toHttpException } from '../http/nudge-http.exception.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import type { HostFunctions } from './host-functions.js';
import { HostStrategy } from './host-strategy.js';
import { HostStrategyGuard } from './host-strategy.guard.js';
import { incomingRequest, type IncomingRequest, type RequestWithHeaders } from './incoming-request.js';
import { servesHttp } from './serves-http.js';
import type { UserJwtVerifier } from './user-jwt-verifier.js';

function keysTimeout(): NudgeAuthError {
  return new NudgeAuthError(
    'USER_KEYS_UNAVAILABLE',
    "The keys that verify users' JWTs were not fetched within http.deadlineMs",
  );
}

/** What a `UserAuthentication` needs. */
interface UserAuthenticationParts {
  readonly registration: NudgeAuthRegistration;
  readonly options: ResolvedNudgeAuthOptions;
  /** The verifier of the registration's `userJwt`. Without it the host's strategy checks the users. */
  readonly verifier: UserJwtVerifier | undefined;
  readonly modules: ModulesContainer;
  readonly adapterHost: HttpAdapterHost;
  readonly hostFunctions: HostFunctions;
  readonly clock: Clock;
  readonly random: Random;
}

/** Finds the user who sends a request, for the guards of one registration. */
export class UserAuthentication {
  readonly #parts: UserAuthenticationParts;
  readonly #userProperty: string;
  readonly #hostStrategy: HostStrategy;
  readonly #hostGuard: CanActivate;

  constructor(parts: UserAuthenticationParts) {
    this.#parts = parts;
    const { endpoint } = parts.registration;
    this.#userProperty = endpoint?.userProperty ?? 'user';
    this.#hostStrategy = new HostStrategy(parts.modules);
    const mayShare = endpoint?.verifyStrategy === false;
    this.#hostGuard = new HostStrategyGuard(() => this.#hostStrategy.strategy(mayShare), this.#userProperty);
  }

  /**
   * Binds the host's strategy if the registration uses it.
   *
   * @throws {Error} when the endpoint's route exists and there is no strategy: every request would fail with a 500.
   */
  bindHostStrategy(): void {
    const { registration, verifier, adapterHost } = this.#parts;
    if (verifier !== undefined) return;
    if (registration.endpoint?.verifyStrategy === true && servesHttp(adapterHost)) {
      this.#hostStrategy.bindOrStop(registration.endpoint.path);
    } else {
      this.#hostStrategy.bindOwn();
    }
  }

  /** Answers at once, without a promise, if the user's JWT is remembered. */
  authenticate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = incomingRequest(context);
    if (this.#parts.verifier === undefined) return this.#askHost(context, request);
    const user = this.verify(request);
    return user instanceof Promise
      ? user.then(
          (verified) => this.#admit(context, request, verified),
          (error: unknown) => this.#refuse(context, error),
        )
      : this.#admit(context, request, user);
  }

  /**
   * The claims of the user's JWT, verified by the registration's `userJwt`; `undefined` if there is no JWT or a bad
   * one. Answers at once, without a promise, if the JWT is remembered.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE` when the keys cannot be fetched; `USER_CHECK_FAILED` when
   * `isRevoked` fails or exceeds the deadline.
   */
  verify(request: RequestWithHeaders): UserJwtPayload | undefined | Promise<UserJwtPayload | undefined> {
    const verification = this.#parts.verifier?.verify(request);
    if (!(verification instanceof Promise)) return verification;
    const { options, hostFunctions } = this.#parts;
    const deadline = this.#deadlineOf(request);
    return options.userJwt?.isRevoked === undefined
      ? deadline.race(verification, keysTimeout)
      : hostFunctions.ask('The option userJwt.isRevoked', () => verification, deadline);
  }

  async #askHost(context: ExecutionContext, request: IncomingRequest): Promise<boolean> {
    try {
      const answer = Promise.resolve(this.#hostGuard.canActivate(context) as Promise<boolean>);
      const what = "The application's passport strategy 'jwt'";
      return await this.#parts.hostFunctions.within(what, answer, this.#deadlineOf(request));
    } catch (error) {
      return this.#refuse(context, error);
    }
  }

  #deadlineOf(request: RequestWithHeaders): Deadline {
    const { options, clock } = this.#parts;
    return new Deadline(clock, options.http.deadlineMs, arrivalOf(request)?.at);
  }

  #admit(context: ExecutionContext, request: IncomingRequest, user: UserJwtPayload | undefined): true {
    if (user === undefined) this.#refuse(context, new UnauthorizedException());
    request[this.#userProperty] = user;
    return true;
  }

  #refuse(context: ExecutionContext, error: unknown): never {
    const { random, registration } = this.#parts;
    const errorStatus = registration.endpoint?.errorStatus;
    // The guard sets no headers for a GraphQL operation, because its answer also holds other fields.
    if (context.getType<string>() !== 'http') {
      throw isNudgeAuthError(error) ? toHttpException(error, random, errorStatus) : error;
    }
    const response = context.getArgByIndex<HttpResponse>(1);
    // On the host's own routes no other guard of this module has set these headers.
    forbidCaching(response);
    forbidEtag(response);
    if (error instanceof UnauthorizedException) setHeaders(response, [['WWW-Authenticate', 'Bearer']]);
    throw isNudgeAuthError(error) ? failWith(error, response, random, errorStatus) : error;
  }
}
