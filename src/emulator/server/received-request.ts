import type { IncomingMessage } from 'node:http';

/** A request as the emulator reads it. */
export interface ReceivedRequest {
  readonly method: string;
  /** The path as the client sent it: nothing is decoded, and no dots are resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as the client sent it, without the question mark. */
  readonly rawQuery: string;
  /** The header `apikey`. Node joins a repeated header with commas, so that no account has the key. */
  readonly apiKey: string | undefined;
  /** The header names in lower case, each once, in alphabetical order. */
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
