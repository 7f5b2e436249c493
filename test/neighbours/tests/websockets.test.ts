// beside: @nestjs/websockets, @nestjs/platform-ws, ws
import { startNudge, userJwt } from '../support/environment.js';
import { WsAdapter } from '@nestjs/platform-ws';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { AppModule } from '../snippets/token-gateway.js';
import { applicationOf, GuardedGateway, OnceGateway, TimerGateway } from '../support/careless-gateways.js';
import { PLATFORMS, Served } from '../support/served.js';

const MINUTE_MS = 60_000;
const HOURS_3_IN_MINUTES = 180;

function expiryOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { exp: number }).exp * 1_000;
}

/** A user's socket. All timers and `Date` of the process stand still until the test lets time pass. */
class Connection {
  readonly tokens: string[] = [];
  readonly #asked: Promise<unknown>[] = [];
  #renewals = 0;

  private constructor(
    readonly socket: WebSocket,
    service: NudgeTokenService,
  ) {
    const getToken = service.getToken.bind(service);
    mock.method(service, 'getToken', (request?: object) => {
      const result = getToken(request);
      this.#asked.push(result);
      return result;
    });
    service.subscribe(({ type }) => {
      if (type === 'renewal-started') this.#renewals += 1;
      if (type === 'renewed' || type === 'failed') this.#renewals -= 1;
    });
    socket.on('message', (message: Buffer) => {
      const { data } = JSON.parse(message.toString()) as { data: { token: string } };
      this.tokens.push(data.token);
    });
  }

  /** How often the gateway has asked for a token. */
  get asked(): number {
    return this.#asked.length;
  }

  static async open(served: Served, jwt: string): Promise<Connection> {
    const socket = new WebSocket(served.url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${jwt}` },
    });
    const connection = new Connection(socket, served.app.get(NudgeTokenService, { strict: false }));
    await once(socket, 'open');
    return connection;
  }

  /** Resolves when all that the gateway has begun is done and its messages are here. */
  async settle(): Promise<void> {
    await setImmediate();
    await Promise.allSettled(this.#asked);
    while (this.#renewals > 0) await setImmediate();
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const answered = new AbortController();
    const { signal } = answered;
    const answer = Promise.race([
      once(this.socket, 'pong', { signal }),
      once(this.socket, 'close', { signal }),
    ]);
    this.socket.ping();
    await answer;
    answered.abort();
  }

  async passMinute(): Promise<void> {
    mock.timers.tick(MINUTE_MS);
    await this.settle();
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
    await this.settle();
  }
}

describe('WebSockets', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() }));
  afterEach(() => {
    mock.timers.reset();
    nudge.reset();
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      const start = (module: new () => object): Promise<Served> =>
        Served.start(platform, module, {
          configure: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
        });
      const jwtFor = (minutes: number): string =>
        userJwt('ada', { exp: Math.floor(Date.now() / 1_000) + minutes * 60 });

      /** The minutes in which the client's last token had expired. */
      async function minutesWithoutToken(connection: Connection): Promise<number[]> {
        const without: number[] = [];
        await connection.settle();
        for (let minute = 1; minute <= HOURS_3_IN_MINUTES; minute += 1) {
          await connection.passMinute();
          if (expiryOf(connection.tokens.at(-1) ?? '') <= Date.now()) without.push(minute);
        }
        return without;
      }

      it('leaves the client with an expired token if the gateway sends one only once (the trap)', async () => {
        await using served = await start(applicationOf(OnceGateway));
        const connection = await Connection.open(served, jwtFor(600));
        const without = await minutesWithoutToken(connection);
        assert.deepEqual([without[0], without.length], [60, 121]);
      });

      it('sends each token before the last one expires', async () => {
        await using served = await start(AppModule);
        const connection = await Connection.open(served, jwtFor(600));
        assert.deepEqual(await minutesWithoutToken(connection), []);
        assert.ok(new Set(connection.tokens).size >= 4);
      });

      /** How often the gateway asks for a token in an hour after its only socket is closed. */
      async function askedAfterClose(module: new () => object): Promise<number> {
        await using served = await start(module);
        const connection = await Connection.open(served, jwtFor(600));
        await connection.settle();
        await connection.close();
        const askedBefore = connection.asked;
        for (let minute = 0; minute < 60; minute += 1) await connection.passMinute();
        return connection.asked - askedBefore;
      }

      it('asks on for a closed socket if its timer is left (the trap)', async () => {
        assert.ok((await askedAfterClose(applicationOf(TimerGateway))) > 0);
      });

      it('asks for no token after the socket is closed', async () => {
        assert.equal(await askedAfterClose(AppModule), 0);
      });

      it('ends with the session of the user', async () => {
        await using served = await start(AppModule);
        const connection = await Connection.open(served, jwtFor(10));
        await connection.settle();
        const closed = once(connection.socket, 'close');
        for (let minute = 0; minute < 10; minute += 1) await connection.passMinute();
        assert.equal((await closed)[0], 4401);
        assert.equal(connection.tokens.length, 1);
      });

      it('refuses a caller who is not signed in', async () => {
        await using served = await start(AppModule);
        const connection = await Connection.open(served, 'no.jwt.here');
        assert.equal((await once(connection.socket, 'close'))[0], 4401);
        assert.equal(nudge.counters.received, 0);
      });

      it('refuses every user if the guard of the route checks messages (the trap)', async () => {
        await using served = await start(applicationOf(GuardedGateway));
        const connection = await Connection.open(served, jwtFor(600));
        const { socket } = connection;
        const events: string[] = [];
        socket.on('message', (message: Buffer) => {
          events.push((JSON.parse(message.toString()) as { event: string }).event);
        });
        socket.send(JSON.stringify({ event: 'token' }));
        socket.send(JSON.stringify({ event: 'anything else' }));
        while (!events.includes('answer')) await once(socket, 'message');
        await connection.settle();
        // Nest 12 also sends the exception to the client; Nest 11 does not.
        assert.deepEqual(
          events.filter((event) => event !== 'exception'),
          ['answer'],
        );
        assert.deepEqual([connection.asked, nudge.counters.received], [0, 0]);
        socket.terminate();
      });

      it('tries again after a failure that may pass', async () => {
        nudge.setFault({ kind: 'rate-limit', times: 1 });
        await using served = await start(AppModule);
        const connection = await Connection.open(served, jwtFor(600));
        await connection.settle();
        assert.deepEqual(connection.tokens, []);
        for (let minute = 0; minute < 3; minute += 1) await connection.passMinute();
        assert.equal(connection.tokens.length, 1);
      });
    });
  }
});
