import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the proxy does with bytes: pass all, lose the messages, lose all, refuse connections, or pass all with a delay. */
type Passage = 'open' | 'losing-messages' | 'swallowing' | 'cut' | { readonly delayMs: number };

/** The beginning of a message to a subscriber, in both versions of Redis' protocol. */
const MESSAGE = '3\r\n$7\r\nmessage\r\n';

/** A proxy between the fleet and Redis. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #passage: Passage = 'open';
  /** The number of chunks with channel messages that the proxy has dropped. */
  lostMessages = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((socket) => {
      if (this.#passage === 'cut') {
        socket.destroy();
        return;
      }
      const target = connect(targetPort, '127.0.0.1');
      this.#join(socket, target);
      this.#join(target, socket);
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  set passage(passage: Passage) {
    this.#passage = passage;
    if (passage === 'cut') for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.passage = 'cut';
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (this.#passage === 'swallowing') return;
      if (this.#passage === 'losing-messages' && bytes.includes(MESSAGE)) {
        this.lostMessages += 1;
        return;
      }
      if (typeof this.#passage === 'object') setTimeout(() => to.write(bytes), this.#passage.delayMs);
      else to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
