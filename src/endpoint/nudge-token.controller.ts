import { applyDecorators, Controller, Get, Inject, Req, Res, UseGuards, type Type } from '@nestjs/common';
import type { Clock, Random } from '../common/clock.js';
import { isNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import { NUDGE_AUTH_OPTIONS, NUDGE_CLOCK, NUDGE_RANDOM } from '../common/injection-tokens.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { NudgeTokenService, tokenAtOnce } from '../service/nudge-token.service.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { answerFormat, type AnswerFormat } from './answer-format.js';
import {
  failWith,
  forbidCaching,
  forbidEtag,
  setHeaders,
  writeAnswer,
  type HttpResponse,
} from '../http/answer-headers.js';
import type { ResolvedEndpointOptions } from '../options/endpoint.options.js';
import { NudgeUserGuard } from '../user-auth/nudge-user.guard.js';
import { AnswerBodies } from './answer-bodies.js';
import { tokenAnswer, type TokenAnswer } from './token-answer.js';

interface HttpRequest {
  readonly url: string;
  readonly headers: { readonly accept?: string | undefined };
}

/** Nothing where the answer is written directly. */
type Answer = TokenAnswer | string | undefined;

const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/**
 * The class of a registration's endpoint. Made per registration, because Nest reads path, version and guards from the
 * metadata of a class.
 */
export function createNudgeTokenController(endpoint: ResolvedEndpointOptions): Type {
  @Controller({ path: endpoint.path, version: endpoint.version })
  @UseGuards(...(endpoint.guards ?? [NudgeUserGuard]))
  class NudgeTokenController {
    private readonly bodies: AnswerBodies;

    constructor(
      @Inject(NudgeTokenService) private readonly tokens: NudgeTokenService,
      @Inject(NUDGE_AUTH_OPTIONS) private readonly options: ResolvedNudgeAuthOptions,
      @Inject(NUDGE_CLOCK) private readonly clock: Clock,
      @Inject(NUDGE_RANDOM) private readonly random: Random,
    ) {
      this.bodies = new AnswerBodies(random);
    }

    @Get()
    @applyDecorators(...endpoint.decorators)
    getToken(
      @Req() request: HttpRequest,
      @Res({ passthrough: endpoint.passthrough }) response: HttpResponse,
    ): Answer | Promise<Answer> {
      forbidCaching(response);
      try {
        const format = answerFormat(request.url, request.headers.accept);
        const token = this.tokenFor(request);
        return token instanceof Promise
          ? token.then(
              (fetched) => this.answer(response, format, fetched),
              (error: unknown) => this.fail(response, error),
            )
          : this.answer(response, format, token);
      } catch (error) {
        return this.fail(response, error);
      }
    }

    private tokenFor(request: HttpRequest): NudgeToken | Promise<NudgeToken> {
      return this.options.extId === undefined
        ? tokenAtOnce(this.tokens)
        : this.extIdOf(request).then((extId) => this.tokens.getToken({ extId }));
    }

    private answer(response: HttpResponse, format: AnswerFormat, token: NudgeToken): Answer {
      if (endpoint.passthrough) {
        forbidEtag(response);
        setHeaders(response, [['content-type', CONTENT_TYPES[format]]]);
        return format === 'text' ? token.token : tokenAnswer(token, this.clock.now().wallMs, this.random);
      }
      writeAnswer(
        response,
        CONTENT_TYPES[format],
        format === 'text' ? token.token : this.bodies.bodyOf(token, this.clock.now().wallMs),
      );
      return undefined;
    }

    private fail(response: HttpResponse, error: unknown): never {
      forbidEtag(response);
      throw isNudgeAuthError(error) ? failWith(error, response, this.random, endpoint.errorStatus) : error;
    }

    private async extIdOf(request: HttpRequest): Promise<string> {
      const extId: unknown = await this.options.extId?.(Reflect.get(request, endpoint.userProperty), request);
      if (typeof extId === 'string') return extId;
      const given =
        extId === undefined || extId === null
          ? 'returned none'
          : `must return a string, not a ${typeof extId}`;
      throw new NudgeAuthError('NUDGE_INVALID_REQUEST', `The option extId ${given} for the signed-in user`);
    }
  }

  return NudgeTokenController;
}
