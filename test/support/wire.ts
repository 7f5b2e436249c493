import { readFileSync } from 'node:fs';
import {
  connect,
  createServer,
  type AddressInfo,
  type LookupFunction,
  type Server,
  type Socket,
} from 'node:net';
import { Server as TlsServer } from 'node:tls';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/obviously-fake-${name}.pem`, import.meta.url), 'utf8');
/** The certificate of `nudge.test`, which signs itself. */
export const wireTls = { key: fixture('key'), cert: fixture('certificate') };

/** `nudge.test`, and every other name, is this machine. */
export const lookupHere: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Passes bytes on to a port and keeps those of the side that called. */
export class Wire {
  readonly #chunks: Buffer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /** A TLS server hands over what it has decrypted, and a plain one what it gets. */
  private constructor(server: Server, toPort: number) {
    this.#server = server;
    const pass = (caller: Socket): void => {
      const onwards = connect(toPort, '127.0.0.1');
      for (const [socket, other] of [
        [caller, onwards],
        [onwards, caller],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {}).on('close', () => other.destroy());
      }
      caller.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
      caller.pipe(onwards).pipe(caller);
    };
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', pass);
  }

  static async start(toPort: number, server: Server = createServer()): Promise<Wire> {
    const wire = new Wire(server, toPort);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Every byte that callers have sent. */
  get heard(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  clear(): void {
    this.#chunks.length = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
