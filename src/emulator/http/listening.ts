import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

/** @throws {Error} when the port is in use, or the address does not belong to this machine. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE'
          ? `port ${port} is in use: take another one, or 0 for any free port`
          : cause.message;
      reject(new Error(`The emulator cannot listen on ${host}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** The `http://host:port` at which this machine reaches the server, also when the server listens on every address. */
export function originOf(server: Server): string {
  const address = server.address() as AddressInfo | null;
  if (address === null) throw new Error('The emulator has been stopped');
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address.address] ?? address.address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`;
}

/** Stops the server and closes every connection, also those with a request under way. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
