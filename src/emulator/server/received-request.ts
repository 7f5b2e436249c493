import type { IncomingMessage } from 'node:http';

/** A request as the emulator reads it. */
export interface ReceivedRequest {
  readonly method: string;
  /** As it was sent: nothing decoded, no dots resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it was sent, without the question mark. */
  readonly rawQuery: string;
  /** A header that was sent more than once arrives joined by commas, and is then no known key. */
  readonly apiKey: string | undefined;
  /** In lower case, each once, in alphabetical order. */
  readonly headerNames: readonly string[];
  readonly address: string;
}

export function readRequest(message: IncomingMessage): ReceivedRequest {
  const [path = '', ...rest] = (message.url ?? '').split('?');
  const rawQuery = rest.join('?');
  const apiKey = message.headers['apikey'];
  return {
    method: message.method ?? '',
    path,
    query: new URLSearchParams(rawQuery),
    rawQuery,
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    headerNames: Object.keys(message.headers).toSorted(),
    address: message.socket.remoteAddress ?? '',
  };
}
