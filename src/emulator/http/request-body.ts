import type { IncomingMessage } from 'node:http';
import { EmulatorInputError } from '../input-error.js';

const LARGEST_BODY_BYTES = 64 * 1024;

/** The content type of the body is one that a page of any origin can send without a CORS preflight. */
export class UnsupportedMediaTypeError extends Error {
  override readonly name = 'UnsupportedMediaTypeError';
}

/**
 * Reads the JSON body of a request; `undefined` if there is no body.
 *
 * @throws {UnsupportedMediaTypeError} for a body that is not sent as `application/json`.
 * @throws {EmulatorInputError} for a body over 64 KiB, or a body that is not JSON.
 */
export async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // Too large a body is still read to its end: a client that is still sending would not get the answer.
    if (sizeBytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  if (sizeBytes === 0) return undefined;
  if (!/^application\/json\s*(;|$)/i.test(message.headers['content-type'] ?? '')) {
    throw new UnsupportedMediaTypeError('Send the body with the header "Content-Type: application/json"');
  }
  if (sizeBytes > LARGEST_BODY_BYTES) {
    throw new EmulatorInputError('body', [`must not be larger than ${LARGEST_BODY_BYTES} bytes`]);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new EmulatorInputError('body', ['not JSON']);
  }
}
