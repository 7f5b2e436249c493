import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';

/** A plain HTTP server on loopback, for answers that the emulator never gives. */
export class HttpStub {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(listener: RequestListener): Promise<HttpStub> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new HttpStub(server, `http://127.0.0.1:${port}`);
  }

  /** Handles CONNECT requests, with which a client asks this server for a tunnel. */
  onConnect(listener: (request: IncomingMessage, socket: Duplex) => void): void {
    this.server.on('connect', listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** An origin on loopback where no server listens. */
export async function unreachableOrigin(): Promise<string> {
  const stub = await HttpStub.start((_request, response) => response.end());
  await stub[Symbol.asyncDispose]();
  return stub.origin;
}
