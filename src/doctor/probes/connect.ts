import { connect, type LookupFunction, type Socket } from 'node:net';
import { errorCodeOf } from '../../common/error-kind.js';
import type { Hop } from './route.js';

/** The connection could not be made. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection';

  /** @param code Node's error code; `ETIMEDOUT` if no answer came in time. */
  constructor(readonly code: string) {
    super(`no connection (${code})`);
  }
}

/** Node's code for an error. */
export function codeOf(error: unknown): string {
  const code = errorCodeOf(error);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'no further reason given';
}

/** @throws {NoConnection} */
export function openSocket(
  { host, port }: Hop,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup, autoSelectFamily: true });
    const giveUp = (code: string): void => {
      signal.removeEventListener('abort', late);
      socket.destroy();
      reject(new NoConnection(code));
    };
    const late = (): void => giveUp('ETIMEDOUT');
    signal.addEventListener('abort', late);
    socket.once('error', (error) => giveUp(codeOf(error)));
    socket.once('connect', () => {
      signal.removeEventListener('abort', late);
      resolve(socket);
    });
  });
}
