import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOperation,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  getSchemaPath,
} from '#peers/@nestjs/swagger';
import {
  EXAMPLE_TOKEN,
  NudgeTokenAnswer,
  NudgeTokenFailure,
  NudgeTokenRefusal,
} from './documented-bodies.js';

/**
 * The name of a security scheme of the document, or a security requirement as OpenAPI writes it: `{ oauth2: ['profile'] }`.
 *
 * @publicApi
 */
export type NudgeTokenSecurity = string | Readonly<Record<string, string[]>>;

/**
 * The facts that the description of the endpoint needs from the host.
 *
 * @publicApi
 */
export interface NudgeTokenDocsOptions {
  /**
   * How the users of the endpoint sign in; several are alternatives. Default `'bearer'`, the scheme that `addBearerAuth()`
   * of the `DocumentBuilder` adds.
   */
  security?: NudgeTokenSecurity | readonly NudgeTokenSecurity[];
}

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string', example },
});

const CACHE_CONTROL = text('No cache may store the answer.', 'private, no-store');
const ERROR_CODE = text('The `code` of the body.', 'NUDGE_UNAVAILABLE');

const jsonOf = (body: new () => object) => ({
  'application/json': { schema: { $ref: getSchemaPath(body) } },
});

const isList = <T>(given: T | readonly T[]): given is readonly T[] => Array.isArray(given);

/**
 * Describes the endpoint for `@nestjs/swagger`: its answers as JSON and as text, its failures, their headers, examples and
 * schemas. Give it to the registration. Each registration has a different `operationId`, made from its controller's name.
 *
 * It describes the default statuses. If `endpoint.errorStatus` changes one or a throttler adds one, the host describes it
 * with its own decorators beside this one.
 *
 * @example
 * NudgeAuthModule.forRoot({ apiKey, endpoint: { decorators: [nudgeTokenDocs({ security: 'bearer' })] } })
 *
 * @publicApi
 */
export function nudgeTokenDocs({ security = 'bearer' }: NudgeTokenDocsOptions = {}): MethodDecorator {
  const alternatives = isList(security) ? security : [security];
  return applyDecorators(
    ApiExtraModels(NudgeTokenAnswer, NudgeTokenFailure, NudgeTokenRefusal),
    ApiOperation({
      summary: 'Get a Nudge token',
      description:
        'A short-lived token of Nudge for the signed-in user, for the `refreshToken` function of its SDKs.',
    }),
    ...alternatives.map((requirement) => ApiSecurity(requirement)),
    ApiQuery({
      name: 'format',
      required: false,
      enum: ['json', 'text'],
      description:
        '`text` returns the bare token. An `Accept` header that prefers `text/plain` to JSON does the same.',
    }),
    ApiResponse({
      status: 200,
      description: 'A token that can be used.',
      headers: { 'Cache-Control': CACHE_CONTROL },
      content: {
        ...jsonOf(NudgeTokenAnswer),
        'text/plain': { schema: { type: 'string' }, example: EXAMPLE_TOKEN },
      },
    }),
    ApiResponse({
      status: 400,
      description: 'The client chose `expiryMins` or `extId`, or named an unknown `format`.',
      headers: { 'Nudge-Auth-Error': ERROR_CODE },
      content: jsonOf(NudgeTokenFailure),
    }),
    ApiResponse({
      status: 401,
      description: 'No user is signed in: sign in again.',
      headers: { 'WWW-Authenticate': text('How to sign in.', 'Bearer') },
      content: jsonOf(NudgeTokenRefusal),
    }),
    ApiResponse({
      status: 403,
      description: 'A guard of the application refuses this user.',
      content: jsonOf(NudgeTokenRefusal),
    }),
    ApiResponse({
      status: 503,
      description: 'There is no token at the moment. The client should not sign the user out for it.',
      headers: {
        'Nudge-Auth-Error': ERROR_CODE,
        'Retry-After': {
          description: 'Seconds after which another attempt can succeed.',
          schema: { type: 'integer', minimum: 0, example: 12 },
        },
      },
      content: jsonOf(NudgeTokenFailure),
    }),
  );
}
