import { gzipSync } from 'node:zlib';
import { SECOND_MS } from '../../common/durations.js';
import { errorAnswer, HTML_TYPE, JSON_TYPE, textAnswer, type Answer } from '../answer.js';
import type { RetryAfter } from './answer-faults.js';
import type { FaultsByLayer } from './faults.js';

/** Where a redirect leads by default. Whoever follows it with the key in hand is counted. */
export const REDIRECT_TARGET_PATH = '/redirect-target';

const DEFAULT_RETRY_AFTER_S = 60;
const DEFAULT_OVERSIZED_BYTES = 128 * 1024;
const DEFAULT_UNPACKED_BYTES = 10 * 1024 * 1024;
const FIREWALL_PAGE = [
  '<!DOCTYPE html>',
  '<html><head><title>Request blocked</title></head>',
  '<body><h1>Request blocked</h1><p>This request was refused by a firewall.</p></body></html>',
].join('\n');

/** The answer that a fault of the layer `answer` puts in place of the vendor's verdict. */
export function answerOf(fault: FaultsByLayer['answer'], vendorNowMs: number): Answer {
  switch (fault.kind) {
    case 'status':
      return errorAnswer(
        fault.status,
        fault.message ?? `Emulated fault: status ${fault.status}`,
        retryAfterOf(fault, vendorNowMs),
      );
    case 'rate-limit':
      return errorAnswer(
        429,
        'Too many requests',
        retryAfterOf({ ...fault, retryAfterS: fault.retryAfterS ?? DEFAULT_RETRY_AFTER_S }, vendorNowMs),
      );
    case 'redirect':
      return errorAnswer(fault.status ?? 302, 'Emulated fault: redirect', {
        Location: fault.location ?? REDIRECT_TARGET_PATH,
      });
    case 'firewall':
      break;
  }
  return textAnswer(fault.status ?? 403, HTML_TYPE, FIREWALL_PAGE);
}

function retryAfterOf(fault: RetryAfter, vendorNowMs: number): Record<string, string> {
  if (fault.retryAfterText !== undefined) return { 'Retry-After': fault.retryAfterText };
  if (fault.retryAfterS === undefined) return {};
  return {
    'Retry-After':
      fault.retryAfterForm === 'http-date'
        ? new Date(vendorNowMs + fault.retryAfterS * SECOND_MS).toUTCString()
        : String(fault.retryAfterS),
  };
}

/** The answer with the body that a fault of the layer `body` makes of it. */
export function withBodyFault(answer: Answer, fault: FaultsByLayer['body'] | undefined): Answer {
  switch (fault?.kind) {
    case 'wrong-content-type':
      return withBody(answer, fault.body ?? answer.body, fault.contentType ?? HTML_TYPE);
    case 'not-json':
      return withBody(answer, fault.body ?? '{"token":', JSON_TYPE);
    case 'wrong-json':
      return withBody(answer, JSON.stringify(fault.json), JSON_TYPE);
    case 'oversized-body':
      return withBody(answer, padded(answer.body, fault.sizeBytes ?? DEFAULT_OVERSIZED_BYTES), JSON_TYPE);
    case 'gzip-bomb': {
      const packed = gzipSync(padded(answer.body, fault.unpackedBytes ?? DEFAULT_UNPACKED_BYTES));
      return withBody(answer, packed, JSON_TYPE, { 'Content-Encoding': 'gzip' });
    }
    case undefined:
      break;
  }
  return answer;
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

/** Padded in front of the closing brace with spaces, so that size is the only thing wrong with it. */
function padded(json: Buffer, sizeBytes: number): Buffer {
  const end = json.lastIndexOf('}');
  if (end === -1) return Buffer.concat([json, Buffer.alloc(sizeBytes, ' ')]);
  return Buffer.concat([json.subarray(0, end), Buffer.alloc(sizeBytes, ' '), json.subarray(end)]);
}

/** The `Date` and `Age` headers of an answer given at this moment of the vendor's clock. */
export function dateHeaders(
  vendorNowMs: number,
  fault: FaultsByLayer['date'] | undefined,
): Record<string, string> {
  if (fault?.kind === 'no-date') return {};
  if (fault === undefined) return { Date: new Date(vendorNowMs).toUTCString() };
  return {
    Date: new Date(vendorNowMs - fault.ageS * SECOND_MS).toUTCString(),
    ...(fault.ageHeader !== false && { Age: String(fault.ageS) }),
  };
}
