import type { ArgumentsHost } from '@nestjs/common';
import { HostLogger } from '../service/host-logger.js';

/** A client of socket.io, or a native WebSocket. A native WebSocket's `emit` calls only its local listeners. */
interface WsClient {
  readonly readyState?: number;
  emit?(event: string, payload: object): void;
  send?(text: string): void;
}

const logger = new HostLogger('WsExceptionsHandler');

/** Does what Nest does with an error that no filter has caught. The module does not depend on `@nestjs/websockets`. */
export function emitWsException(error: Error, host: ReturnType<ArgumentsHost['switchToWs']>): void {
  const client = host.getClient<WsClient>();
  const payload = {
    status: 'error',
    message: 'Internal server error',
    cause: { pattern: host.getPattern(), data: host.getData<unknown>() },
  };
  if (typeof client.readyState === 'number' && client.send !== undefined) {
    client.send(JSON.stringify({ event: 'exception', data: payload }));
  } else {
    client.emit?.('exception', payload);
  }
  logger.error(error);
}
