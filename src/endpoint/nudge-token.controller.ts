import { applyDecorators, Controller, Get, Inject, Req, Res, UseGuards, type Type } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock, Instant, Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { isNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import { NUDGE_AUTH_OPTIONS, NUDGE_CLOCK, NUDGE_RANDOM } from '../common/injection-tokens.js';
import { failWith, type HttpResponse } from '../http/answer-headers.js';
import { arrivalOf, type Arrival } from '../http/arrival.js';
import type { ResolvedEndpointOptions } from '../options/endpoint.options.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { NudgeTokenService, tokenAtOnce, type NudgeTokenSelector } from '../service/nudge-token.service.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { HostFunctions } from '../user-auth/host-functions.js';
import { NudgeUserGuard } from '../user-auth/nudge-user.guard.js';
import { answerFormat, type AnswerFormat } from './answer-format.js';
import { CONTENT_TYPES, receive, UncachedAnswerGuard } from './answer-sending.js';
import { AnswerBodies, tokenAnswer, type TokenAnswer } from './token-answer.js';

interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly accept?: string | undefined };
}

/** `undefined`: the answer is in `arrival.prepared`, and the framework's `send` sends that one. */
type Answer = TokenAnswer | string | undefined;

/**
 * Creates the controller class of a registration. Each registration needs a class, because Nest reads path, version and
 * guards from the metadata of a class. By the class name, throttlers and OpenAPI tell the registrations apart.
 */
export function createNudgeTokenController(endpoint: ResolvedEndpointOptions): Type {
  @Controller({ path: endpoint.path, version: endpoint.version })
  @UseGuards(UncachedAnswerGuard, ...(endpoint.guards ?? [NudgeUserGuard]))
  class NudgeTokenController {
    readonly #tokens: NudgeTokenService;
    readonly #options: ResolvedNudgeAuthOptions;
    readonly #hostFunctions: HostFunctions;
    readonly #clock: Clock;
    readonly #random: Random;
    readonly #bodies: AnswerBodies;
    readonly #audit: AuditTrail | undefined;

    constructor(
      @Inject(NudgeTokenService) tokens: NudgeTokenService,
      @Inject(NUDGE_AUTH_OPTIONS) options: ResolvedNudgeAuthOptions,
      @Inject(HostFunctions) hostFunctions: HostFunctions,
      @Inject(NUDGE_CLOCK) clock: Clock,
      @Inject(NUDGE_RANDOM) random: Random,
      @Inject(AuditTrail) audit: AuditTrail | undefined,
    ) {
      this.#tokens = tokens;
      this.#options = options;
      this.#hostFunctions = hostFunctions;
      this.#clock = clock;
      this.#random = random;
      this.#bodies = new AnswerBodies(random);
      this.#audit = audit;
    }

    @Get()
    @applyDecorators(...endpoint.decorators)
    getToken(
      @Req() request: HttpRequest,
      // With passthrough Nest itself sends what the handler or an interceptor returns, so every request gets an answer.
      @Res({ passthrough: true }) response: HttpResponse,
    ): Answer | Promise<Answer> {
      try {
        const format = answerFormat(request.url, request.headers.accept);
        const arrival = arrivalOf(request) ?? receive(request, response, this.#clock.now());
        const token = this.#tokenFor(request, arrival);
        return token instanceof Promise
          ? token.then(
              (fetched) => this.#answer(request, arrival, format, fetched),
              (error: unknown) => this.#fail(response, error),
            )
          : this.#answer(request, arrival, format, token);
      } catch (error) {
        return this.#fail(response, error);
      }
    }

    #tokenFor(request: HttpRequest, arrival: Arrival): NudgeToken | Promise<NudgeToken> {
      const { extId, tenants } = this.#options;
      if (extId === undefined && tenants === undefined) {
        return tokenAtOnce(this.#tokens, undefined, arrival.at);
      }
      return this.#selectorOf(request, arrival.at).then((selector) => {
        arrival.tenant = selector.tenant;
        return tokenAtOnce(this.#tokens, selector, arrival.at);
      });
    }

    #answer(request: HttpRequest, arrival: Arrival, format: AnswerFormat, token: NudgeToken): Answer {
      // The answer to a HEAD request carries no token, so there is nothing to record.
      if (this.#audit !== undefined && request.method !== 'HEAD') {
        const user: unknown = Reflect.get(request, endpoint.userProperty);
        this.#audit.issued({ token, user, tenant: arrival.tenant, request, format });
      }
      const { wallMs } = this.#clock.now();
      if (endpoint.passthrough) {
        return format === 'text' ? token.token : tokenAnswer(token, wallMs, this.#random);
      }
      const body = format === 'text' ? token.token : this.#bodies.bodyOf(token, wallMs);
      arrival.prepared = { contentType: CONTENT_TYPES[format], body };
      return undefined;
    }

    #fail(response: HttpResponse, error: unknown): never {
      throw isNudgeAuthError(error) ? failWith(error, response, this.#random, endpoint.errorStatus) : error;
    }

    /** The tenant and the `extId` of the verified user: the host's functions name them, the client does not. */
    async #selectorOf(request: HttpRequest, arrivedAt: Instant): Promise<NudgeTokenSelector> {
      const { extId, tenants } = this.#options;
      const selector: NudgeTokenSelector = {};
      if (tenants !== undefined) {
        selector.tenant = await this.#askOfUser('tenants.id', tenants.id, request, arrivedAt);
      }
      if (extId !== undefined) selector.extId = await this.#askOfUser('extId', extId, request, arrivedAt);
      return selector;
    }

    async #askOfUser(
      option: string,
      ask: (user: unknown, request: unknown) => string | Promise<string>,
      request: HttpRequest,
      arrivedAt: Instant,
    ): Promise<string> {
      const user: unknown = Reflect.get(request, endpoint.userProperty);
      const deadline = new Deadline(this.#clock, this.#options.http.deadlineMs, arrivedAt);
      const work = async (): Promise<unknown> => ask(user, request);
      const id = await this.#hostFunctions.ask(`The option ${option}`, work, deadline);
      if (typeof id === 'string') return id;
      const given =
        id === undefined || id === null ? 'returned nothing' : `must return a string, not a ${typeof id}`;
      throw new NudgeAuthError(
        'NUDGE_INVALID_REQUEST',
        `The option ${option} ${given} for the signed-in user`,
      );
    }
  }

  Object.defineProperty(NudgeTokenController, 'name', { value: endpoint.controllerName });
  return NudgeTokenController;
}
