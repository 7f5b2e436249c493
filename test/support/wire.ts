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
/** The self-signed certificate of `nudge.test`. */
export const wireTls = { key: fixture('key'), cert: fixture('certificate') };

/** Resolves every host name to this machine. */
export const lookupHere: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Forwards connections to a port and records the bytes that the caller sends. */
export class Wire {
  readonly #chunks: Buffer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /** With a TLS server the recorded bytes are decrypted. */
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
