import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '../../common/clock.js';
import type { Answer } from '../answer.js';
import type { FaultsByLayer } from '../faults/faults.js';

const DEFAULT_INTERVAL_MS = 100;
const DEFAULT_CHUNK_BYTES = 16;
const DEFAULT_MISSING_BYTES = 64;

/** What is told about an answer once its fate is known. */
export interface Delivery {
  /** The status line leaves, now. */
  onStatus(): void;
  /** Nothing more will be sent. */
  onEnd(outcome: 'answered' | 'dropped'): void;
}

/** Sends an answer the way a fault of the layer `transport` wants it. */
export function send(
  response: ServerResponse,
  answer: Answer,
  fault: FaultsByLayer['transport'] | undefined,
  clock: Clock,
  delivery: Delivery,
): void {
  const hasBody = answer.status !== 204 && answer.status !== 304;
  const body = hasBody ? answer.body : Buffer.alloc(0);
  const half = body.subarray(0, Math.floor(body.length / 2));
  // The only `Date` is the emulator's own; Node would add the machine's.
  response.sendDate = false;

  const writeHead = (contentLength: number | undefined): void => {
    delivery.onStatus();
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(hasBody && contentLength !== undefined && { 'Content-Length': contentLength }),
    });
  };
  const close = (): void => {
    delivery.onEnd('dropped');
    response.destroy();
  };
  const writeThen = (part: Buffer, next: () => void): void => {
    response.flushHeaders();
    response.write(part, next);
  };

  switch (fault?.kind) {
    case undefined:
      writeHead(body.length);
      delivery.onEnd('answered');
      response.end(body);
      return;
    case 'drop':
      if (fault.when !== 'mid-body') return close();
      writeHead(undefined);
      writeThen(half, close);
      return;
    case 'hang':
      if (fault.when !== 'mid-body') return;
      writeHead(body.length);
      writeThen(half, () => {});
      return;
    case 'truncated-body':
      writeHead(body.length + (fault.missingBytes ?? DEFAULT_MISSING_BYTES));
      writeThen(body, close);
      return;
    case 'slow-body':
      writeHead(body.length);
      response.flushHeaders();
      dribble(response, body, fault.chunkBytes ?? DEFAULT_CHUNK_BYTES, {
        clock,
        intervalMs: fault.intervalMs ?? DEFAULT_INTERVAL_MS,
        onEnd: () => delivery.onEnd('answered'),
      });
      return;
  }
}

interface Pace {
  readonly clock: Clock;
  readonly intervalMs: number;
  onEnd(): void;
}

/** The first piece comes after one interval, so that even a body of one piece is late. */
function dribble(response: ServerResponse, body: Buffer, chunkBytes: number, pace: Pace): void {
  let sentBytes = 0;
  let cancel: Cancel;
  const sendNext = (): void => {
    response.write(body.subarray(sentBytes, sentBytes + chunkBytes));
    sentBytes += chunkBytes;
    if (sentBytes < body.length) {
      cancel = pace.clock.schedule(pace.intervalMs, sendNext);
      return;
    }
    pace.onEnd();
    response.end();
  };
  cancel = pace.clock.schedule(pace.intervalMs, sendNext);
  response.once('close', () => cancel());
}
