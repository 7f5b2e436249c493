import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A TCP proxy between one process and a server. The drill can cut it or make it slow. */
export class Passage {
  /** Milliseconds by which the proxy delays all bytes. */
  delayMs = 0;
  #clock;
  #server;
  #sockets = new Set();
  #isCut = false;

  static async to(targetPort, clock) {
    const passage = new Passage(targetPort, clock);
    passage.#server.listen(0, '127.0.0.1');
    await once(passage.#server, 'listening');
    return passage;
  }

  constructor(targetPort, clock) {
    this.#clock = clock;
    this.#server = createServer((socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      const target = connect(targetPort, '127.0.0.1');
      this.#join(socket, target);
      this.#join(target, socket);
    });
  }

  get address() {
    return `127.0.0.1:${this.#server.address().port}`;
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
    this.delayMs = 0;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from, to) {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (this.delayMs === 0) to.write(bytes);
      else this.#clock.schedule(this.delayMs, () => to.write(bytes));
    });
    // The drill breaks connections on purpose, so this error needs no report.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
