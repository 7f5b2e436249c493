import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

const CONNECTIONS = 8;

/** A connection without a network. It discards what the server writes. `InProcessLoad` pushes the requests into it. */
class MemoryConnection extends Duplex {
  /** The server reads these two from every socket. */
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown[], done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** Sends requests to a server within its own process, without sockets, because their timing varies most. */
export class InProcessLoad {
  readonly #connections: MemoryConnection[];
  readonly #request: Buffer;
  #left = 0;
  #unanswered = 0;
  #done: () => void = () => undefined;

  constructor(server: Server, path: string, jwt: string) {
    const head = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: Bearer ${jwt}`];
    this.#request = Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
    this.#connections = Array.from({ length: CONNECTIONS }, () => new MemoryConnection());
    const nextOf = new Map<unknown, () => void>();
    for (const connection of this.#connections) {
      nextOf.set(connection, () => this.#ask(connection));
      server.emit('connection', connection);
    }
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const next = nextOf.get(socket);
      if (next === undefined) return;
      response.once('finish', () => {
        if (response.statusCode !== 200) throw new Error(`The server answered ${response.statusCode}`);
        this.#unanswered -= 1;
        // The server gets the next request when it is done with this one.
        setImmediate(next);
      });
    });
  }

  /** The mean CPU time of a request, in microseconds, over so many requests. */
  async cpuMicrosecondsPerRequest(requests: number): Promise<number> {
    const before = process.cpuUsage();
    this.#left = requests;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      for (const connection of this.#connections) this.#ask(connection);
    });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / requests;
  }

  #ask(connection: MemoryConnection): void {
    if (this.#left === 0) {
      if (this.#unanswered === 0) this.#done();
      return;
    }
    this.#left -= 1;
    this.#unanswered += 1;
    connection.push(this.#request);
  }
}
