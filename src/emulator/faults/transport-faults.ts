import * as v from 'valibot';
import type { Cancel } from '../../common/clock.js';
import { oneOf } from '../fields.js';
import type { AnswerSending } from '../http/answer-sending.js';
import { bodyBytes, milliseconds } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * The emulator closes the connection without an answer, or in the middle of an answer with a chunked body.
 *
 * @publicApi
 */
export interface DropFault extends FaultScope {
  readonly kind: 'drop';
  /** Default `before-answer`. */
  readonly when?: 'before-answer' | 'mid-body';
}

/**
 * The connection stays open, but no answer comes, or only half of its body.
 *
 * @publicApi
 */
export interface HangFault extends FaultScope {
  readonly kind: 'hang';
  /** Default `before-answer`. */
  readonly when?: 'before-answer' | 'mid-body';
}

/**
 * The body arrives in small pieces.
 *
 * @publicApi
 */
export interface SlowBodyFault extends FaultScope {
  readonly kind: 'slow-body';
  /** Milliseconds between two pieces; default 100. */
  readonly intervalMs?: number;
  /** Bytes in a piece; default 16. */
  readonly chunkBytes?: number;
}

/**
 * `Content-Length` announces more bytes than the emulator sends before it closes the connection.
 *
 * @publicApi
 */
export interface TruncatedBodyFault extends FaultScope {
  readonly kind: 'truncated-body';
  /** How many bytes more `Content-Length` announces; default 64. */
  readonly missingBytes?: number;
}

/**
 * A fault that changes how the bytes are sent.
 *
 * @publicApi
 */
export type TransportFault = DropFault | HangFault | SlowBodyFault | TruncatedBodyFault;

interface TransportFaultKind<Fault> extends FaultKind<Fault> {
  send(fault: Fault, sending: AnswerSending): void;
}

const DEFAULT_INTERVAL_MS = 100;
const DEFAULT_CHUNK_BYTES = 16;
const DEFAULT_MISSING_BYTES = 64;

const WHEN = { when: v.optional(oneOf('before-answer', 'mid-body')) };

export const TRANSPORT_FAULTS: {
  readonly [Kind in TransportFault['kind']]: TransportFaultKind<FaultOf<TransportFault, Kind>>;
} = {
  drop: {
    schema: faultSchema('drop', WHEN),
    example: { kind: 'drop' },
    effect:
      'the connection closes without an answer; with `"when": "mid-body"` in the middle of a chunked body',
    send: ({ when }, sending) => {
      if (when !== 'mid-body') return sending.drop();
      sending.sendHead();
      sending.write(halfOf(sending.body), () => sending.drop());
    },
  },
  hang: {
    schema: faultSchema('hang', WHEN),
    example: { kind: 'hang' },
    effect: 'no answer comes; with `"when": "mid-body"` only half of the body comes',
    send: ({ when }, sending) => {
      if (when !== 'mid-body') return;
      sending.sendHead(sending.body.length);
      sending.write(halfOf(sending.body));
    },
  },
  'slow-body': {
    schema: faultSchema('slow-body', {
      intervalMs: v.optional(milliseconds),
      chunkBytes: v.optional(bodyBytes),
    }),
    example: { kind: 'slow-body', chunkBytes: 16, intervalMs: 100 },
    effect: 'the body arrives in small pieces',
    send: ({ chunkBytes = DEFAULT_CHUNK_BYTES, intervalMs = DEFAULT_INTERVAL_MS }, sending) => {
      sending.sendHead(sending.body.length);
      sendInPieces(sending, chunkBytes, intervalMs);
    },
  },
  'truncated-body': {
    schema: faultSchema('truncated-body', { missingBytes: v.optional(bodyBytes) }),
    example: { kind: 'truncated-body', missingBytes: 64 },
    effect: '`Content-Length` announces more bytes than come, then the connection closes',
    send: ({ missingBytes = DEFAULT_MISSING_BYTES }, sending) => {
      sending.sendHead(sending.body.length + missingBytes);
      sending.write(sending.body, () => sending.drop());
    },
  },
};

/** Sends an answer as the fault asks; without a fault, sends it normally. */
export function sendWithFault(sending: AnswerSending, fault: TransportFault | undefined): void {
  if (fault === undefined) return sending.whole();
  const kind: TransportFaultKind<TransportFault> = TRANSPORT_FAULTS[fault.kind];
  kind.send(fault, sending);
}

function halfOf(body: Buffer): Buffer {
  return body.subarray(0, Math.floor(body.length / 2));
}

/** Sends the body in pieces. The first piece comes after one interval, so that even a body of one piece is late. */
function sendInPieces(sending: AnswerSending, chunkBytes: number, intervalMs: number): void {
  const { body, clock } = sending;
  let sentBytes = 0;
  let cancel: Cancel;
  const sendNext = (): void => {
    const piece = body.subarray(sentBytes, sentBytes + chunkBytes);
    sentBytes += chunkBytes;
    if (sentBytes >= body.length) return sending.end(piece);
    sending.write(piece);
    cancel = clock.schedule(intervalMs, sendNext);
  };
  cancel = clock.schedule(intervalMs, sendNext);
  sending.onClose(() => cancel());
}
