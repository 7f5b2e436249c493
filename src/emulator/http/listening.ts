import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

/** @throws {Error} where the port is taken or the address is not this machine's. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? `port ${port} is in use` : cause.message;
      reject(new Error(`The emulator cannot listen on ${host}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** `http://host:port` by which this machine reaches the server, also where it listens on every address. */
export function originOf(server: Server): string {
  const address = server.address() as AddressInfo | null;
  if (address === null) throw new Error('The emulator has been stopped');
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address.address] ?? address.address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`;
}

/** Ends the server and every connection to it, busy ones included. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
