import { gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { text } from '../fields.js';
import { HTML_TYPE, JSON_TYPE, type Answer } from '../http/answer.js';
import { bodyBytes, json, nonEmptyHeaderValue } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * A body under another content type.
 *
 * @publicApi
 */
export interface WrongContentTypeFault extends FaultScope {
  readonly kind: 'wrong-content-type';
  /** Default `text/html; charset=utf-8`. */
  readonly contentType?: string;
  /** Default: the body that would have been sent anyway, a good token included. */
  readonly body?: string;
}

/**
 * A body that says it is JSON and is not.
 *
 * @publicApi
 */
export interface NotJsonFault extends FaultScope {
  readonly kind: 'not-json';
  /** Default: an object that ends in the middle. */
  readonly body?: string;
}

/**
 * JSON of another shape than the vendor's.
 *
 * @publicApi
 */
export interface WrongJsonFault extends FaultScope {
  readonly kind: 'wrong-json';
  /** Any JSON value, sent as the body. */
  readonly json: unknown;
}

/**
 * A body of the right shape and far too large: the object is padded.
 *
 * @publicApi
 */
export interface OversizedBodyFault extends FaultScope {
  readonly kind: 'oversized-body';
  /** At least this many bytes, up to 256 MiB. Default 131072 (128 KiB). */
  readonly sizeBytes?: number;
}

/**
 * The same, compressed: a few KiB on the wire. Sent with `Content-Encoding: gzip` whatever the client accepts.
 *
 * @publicApi
 */
export interface GzipBombFault extends FaultScope {
  readonly kind: 'gzip-bomb';
  /** At least this many bytes once unpacked, up to 256 MiB. Default 10485760 (10 MiB). */
  readonly unpackedBytes?: number;
}

/**
 * What becomes of the body, whatever the verdict.
 *
 * @publicApi
 */
export type BodyFault =
  WrongContentTypeFault | NotJsonFault | WrongJsonFault | OversizedBodyFault | GzipBombFault;

interface BodyFaultKind<Fault> extends FaultKind<Fault> {
  /** The answer with the body that the fault makes of it. */
  spoil(fault: Fault, answer: Answer): Answer;
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
    spoil: ({ body, contentType = HTML_TYPE }, answer) => withBody(answer, body ?? answer.body, contentType),
  },
  'not-json': {
    schema: faultSchema('not-json', { body: v.optional(text) }),
    example: { kind: 'not-json' },
    effect: 'JSON by its type, half an object by its content; `body` changes it',
    spoil: ({ body = '{"token":' }, answer) => withBody(answer, body, JSON_TYPE),
  },
  'wrong-json': {
    schema: faultSchema('wrong-json', { json }),
    example: { kind: 'wrong-json', json: { jwt: 7 } },
    effect: 'any JSON in place of the documented one',
    spoil: (fault, answer) => withBody(answer, JSON.stringify(fault.json), JSON_TYPE),
  },
  'oversized-body': {
    schema: faultSchema('oversized-body', { sizeBytes: v.optional(bodyBytes) }),
    example: { kind: 'oversized-body', sizeBytes: 131_072 },
    effect: 'a body that is padded to more than this',
    spoil: ({ sizeBytes = DEFAULT_OVERSIZED_BYTES }, answer) =>
      withBody(answer, padded(answer.body, sizeBytes), JSON_TYPE),
  },
  'gzip-bomb': {
    schema: faultSchema('gzip-bomb', { unpackedBytes: v.optional(bodyBytes) }),
    example: { kind: 'gzip-bomb', unpackedBytes: 10_485_760 },
    effect: 'a few KiB of gzip that unpack to more than this',
    spoil: ({ unpackedBytes = DEFAULT_UNPACKED_BYTES }, answer) =>
      withBody(answer, gzipSync(padded(answer.body, unpackedBytes)), JSON_TYPE, {
        'Content-Encoding': 'gzip',
      }),
  },
};

/** The answer with the body that a fault makes of it; the answer itself where there is no fault. */
export function withBodyFault(answer: Answer, fault: BodyFault | undefined): Answer {
  if (fault === undefined) return answer;
  const kind: BodyFaultKind<BodyFault> = BODY_FAULTS[fault.kind];
  return kind.spoil(fault, answer);
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

/** Padded with spaces in front of the closing brace, so that size is the only thing wrong with it. */
function padded(object: Buffer, sizeBytes: number): Buffer {
  const end = object.lastIndexOf('}');
  if (end === -1) return Buffer.concat([object, Buffer.alloc(sizeBytes, ' ')]);
  return Buffer.concat([object.subarray(0, end), Buffer.alloc(sizeBytes, ' '), object.subarray(end)]);
}
