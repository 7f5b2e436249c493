import { connect } from 'node:net';
import type { Host } from '../../support/host.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends the lines as they are, and reads one answer with a known length from the socket. */
export function exchange(host: Host, target: string, lines: readonly string[]): Promise<RawAnswer> {
  const { hostname, port, host: authority } = new URL(host.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = Buffer.alloc(0);
    socket.on('error', reject).on('close', () => reject(new Error(`closed after: ${received.toString()}`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const [statusLine = '', ...fields] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
      const headers = new Map(
        fields.map((field) => {
          const colon = field.indexOf(':');
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
        }),
      );
      const body = received.subarray(headEnd + 4);
      if (body.length < Number(headers.get('content-length'))) return;
      resolve({ status: Number(statusLine.split(' ')[1]), headers, body: body.toString() });
      socket.destroy();
    });
    socket.write([`GET ${target} HTTP/1.1`, `Host: ${authority}`, ...lines, '', ''].join('\r\n'));
  });
}
