import { gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { text } from '../fields.js';
import { HTML_TYPE, JSON_TYPE, type Answer } from '../http/answer.js';
import { bodyBytes, json, nonEmptyHeaderValue } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * A body with a wrong content type.
 *
 * @publicApi
 */
export interface WrongContentTypeFault extends FaultScope {
  readonly kind: 'wrong-content-type';
  /** Default `text/html; charset=utf-8`. */
  readonly contentType?: string;
  /** Default: the normal body, with a good token. */
  readonly body?: string;
}

/**
 * A body that is not JSON, with the content type of JSON.
 *
 * @publicApi
 */
export interface NotJsonFault extends FaultScope {
  readonly kind: 'not-json';
  /** Default: the first half of a JSON object. */
  readonly body?: string;
}

/**
 * JSON that differs from the vendor's.
 *
 * @publicApi
 */
export interface WrongJsonFault extends FaultScope {
  readonly kind: 'wrong-json';
  /** The JSON value to send as the body. */
  readonly json: unknown;
}

/**
 * A good body that is far too large, because it is padded with spaces.
 *
 * @publicApi
 */
export interface OversizedBodyFault extends FaultScope {
  readonly kind: 'oversized-body';
  /** At least this many bytes, up to 256 MiB. Default 131072 (128 KiB). */
  readonly sizeBytes?: number;
}

/**
 * A compressed body of a few KiB that unpacks to a large one. Always sent with `Content-Encoding: gzip`.
 *
 * @publicApi
 */
export interface GzipBombFault extends FaultScope {
  readonly kind: 'gzip-bomb';
  /** At least this many bytes when unpacked, up to 256 MiB. Default 10485760 (10 MiB). */
  readonly unpackedBytes?: number;
}

/**
 * A fault that changes the body of an answer, also of a refusal.
 *
 * @publicApi
 */
export type BodyFault =
  WrongContentTypeFault | NotJsonFault | WrongJsonFault | OversizedBodyFault | GzipBombFault;

interface BodyFaultKind<Fault> extends FaultKind<Fault> {
  /** Returns the answer with the body that the fault asks for. */
  changeBody(fault: Fault, answer: Answer): Answer;
}

const DEFAULT_OVERSIZED_BYTES = 128 * 1024;
const DEFAULT_UNPACKED_BYTES = 10 * 1024 * 1024;

export const BODY_FAULTS: {
  readonly [Kind in BodyFault['kind']]: BodyFaultKind<FaultOf<BodyFault, Kind>>;
} = {
  'wrong-content-type': {
    schema: faultSchema('wrong-content-type', {
      contentType: v.optional(nonEmptyHeaderValue),
      body: v.optional(text),
    }),
    example: { kind: 'wrong-content-type' },
    effect: 'the same body as `text/html`; `contentType` and `body` change it',
    changeBody: ({ body, contentType = HTML_TYPE }, answer) =>
      withBody(answer, body ?? answer.body, contentType),
  },
  'not-json': {
    schema: faultSchema('not-json', { body: v.optional(text) }),
    example: { kind: 'not-json' },
    effect: 'the content type of JSON with half a JSON object; `body` changes it',
    changeBody: ({ body = '{"token":' }, answer) => withBody(answer, body, JSON_TYPE),
  },
  'wrong-json': {
    schema: faultSchema('wrong-json', { json }),
    example: { kind: 'wrong-json', json: { jwt: 7 } },
    effect: 'any JSON instead of the documented body',
    changeBody: (fault, answer) => withBody(answer, JSON.stringify(fault.json), JSON_TYPE),
  },
  'oversized-body': {
    schema: faultSchema('oversized-body', { sizeBytes: v.optional(bodyBytes) }),
    example: { kind: 'oversized-body', sizeBytes: 131_072 },
    effect: 'a body that is padded to more than this',
    changeBody: ({ sizeBytes = DEFAULT_OVERSIZED_BYTES }, answer) =>
      withBody(answer, padded(answer.body, sizeBytes), JSON_TYPE),
  },
  'gzip-bomb': {
    schema: faultSchema('gzip-bomb', { unpackedBytes: v.optional(bodyBytes) }),
    example: { kind: 'gzip-bomb', unpackedBytes: 10_485_760 },
    effect: 'a few KiB of gzip that unpack to more than this',
    changeBody: ({ unpackedBytes = DEFAULT_UNPACKED_BYTES }, answer) =>
      withBody(answer, gzipSync(padded(answer.body, unpackedBytes)), JSON_TYPE, {
        'Content-Encoding': 'gzip',
      }),
  },
};

/** Returns the answer with the body that a fault asks for; without a fault, the answer itself. */
export function withBodyFault(answer: Answer, fault: BodyFault | undefined): Answer {
  if (fault === undefined) return answer;
  const kind: BodyFaultKind<BodyFault> = BODY_FAULTS[fault.kind];
  return kind.changeBody(fault, answer);
}

function withBody(
  answer: Answer,
  body: string | Buffer,
  contentType: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status: answer.status,
    headers: { ...answer.headers, 'Content-Type': contentType, ...headers },
    body: Buffer.from(body),
  };
}

/** Adds spaces before the closing brace, so that the body is still good JSON. */
function padded(object: Buffer, sizeBytes: number): Buffer {
  const end = object.lastIndexOf('}');
  if (end === -1) return Buffer.concat([object, Buffer.alloc(sizeBytes, ' ')]);
  return Buffer.concat([object.subarray(0, end), Buffer.alloc(sizeBytes, ' '), object.subarray(end)]);
}
