import type { IncomingMessage } from 'node:http';
import { EmulatorInputError } from '../input-error.js';

const LARGEST_BODY_BYTES = 64 * 1024;

/**
 * The JSON a request carries; `undefined` where it has no body.
 *
 * @throws {EmulatorInputError} for a body over 64 KiB, or one that is no JSON.
 */
export async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // Read to its end all the same: an answer to a client that still sends would not arrive.
    if (sizeBytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  if (sizeBytes > LARGEST_BODY_BYTES) {
    throw new EmulatorInputError('body', [`larger than ${LARGEST_BODY_BYTES} bytes`]);
  }
  if (sizeBytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new EmulatorInputError('body', ['not JSON']);
  }
}
