import { ApiProperty } from '#peers/@nestjs/swagger';
import { NUDGE_AUTH_ERROR_CODES, type NudgeAuthErrorCode } from '../common/errors.js';
import type { TokenAnswer } from '../endpoint/token-answer.js';

/** A made-up token: its claims are `{"sub":"example"}`, and nothing has signed it. */
export const EXAMPLE_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl';

/** The schema of the answer. Generated clients name their type after this class. */
export class NudgeTokenAnswer implements TokenAnswer {
  @ApiProperty({
    type: String,
    description: 'The short-lived token for the Nudge SDK.',
    example: EXAMPLE_TOKEN,
  })
  readonly token!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: "When the token expires, by the server's clock.",
    example: '2026-11-23T07:00:00.000Z',
  })
  readonly expiresAt!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: "Seconds for which the token can still be used. They do not depend on the client's clock.",
    example: 3598,
  })
  readonly expiresIn!: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description:
      'Seconds after which the client should fetch its next token. Each answer has a different random value.',
    example: 3264,
  })
  readonly refreshIn!: number;
}

/** The schema of the module's error answers. */
export class NudgeTokenFailure {
  @ApiProperty({ type: 'integer', description: 'The HTTP status.', example: 503 })
  readonly statusCode!: number;

  @ApiProperty({
    enum: [...NUDGE_AUTH_ERROR_CODES],
    enumName: 'NudgeAuthErrorCode',
    description: 'Why there is no token. The header `Nudge-Auth-Error` has the same value.',
    example: 'NUDGE_UNAVAILABLE',
  })
  readonly code!: NudgeAuthErrorCode;

  @ApiProperty({
    type: String,
    description: 'The reason in words.',
    example: 'Nudge tokens are not available at the moment',
  })
  readonly message!: string;
}

/** The schema of a guard's refusal, as Nest writes it. A filter of the host may write another. */
export class NudgeTokenRefusal {
  @ApiProperty({ type: 'integer', description: 'The HTTP status.', example: 401 })
  readonly statusCode!: number;

  @ApiProperty({ type: String, description: 'The reason in words.', example: 'Unauthorized' })
  readonly message!: string;
}
