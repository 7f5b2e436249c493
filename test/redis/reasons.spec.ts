import { afterEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import { systemClock } from '../../src/common/clock.js';
import { SECOND_MS } from '../../src/common/durations.js';
import { LogLines } from '../../src/telemetry/log-lines.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { TokenLife, type TokenLifeSettings } from '../support/token-life.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';

const PASSWORD = 'OBVIOUSLYFAKEPASSWORD';
const ENCRYPTION_KEY = fakeEncryptionKey();
const CLOSED_PORT = 'redis://127.0.0.1:1';

interface Fault {
  readonly what: string;
  readonly reason: RegExp;
  readonly serverArgs?: readonly string[];
  readonly urlOf?: (server: RedisServer) => string;
  /** What happens once the store is connected. */
  readonly happens?: (server: RedisServer, admin: Redis) => unknown;
}

function urlWith(user: string): (server: RedisServer) => string {
  return ({ url }) => url.replace('//', `//${user}@`);
}

const FAULTS: readonly Fault[] = [
  { what: 'no server listens', reason: /^ECONNREFUSED$/, urlOf: () => CLOSED_PORT },
  {
    what: 'the password is wrong',
    reason: /^WRONGPASS$/,
    serverArgs: ['--requirepass', 'another-fake-password'],
    urlOf: urlWith(`:${PASSWORD}`),
  },
  { what: 'the password is missing', reason: /^NOAUTH$/, serverArgs: ['--requirepass', PASSWORD] },
  {
    what: 'the server knows no TLS',
    // The server takes the TLS handshake for the start of a long command and waits for the rest.
    reason: /^timeout$/,
    urlOf: ({ url }) => url.replace('redis:', 'rediss:'),
  },
  {
    what: 'a right is missing',
    reason: /^NOPERM$/,
    serverArgs: ['--user', 'nudge', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '-evalsha'],
    urlOf: urlWith(`nudge:${PASSWORD}`),
  },
  { what: 'it hangs', reason: /^timeout$/, happens: (server) => server.suspend() },
  {
    what: 'it is a replica',
    reason: /^READONLY$/,
    happens: (_server, admin) => admin.replicaof('127.0.0.1', 1),
  },
  { what: 'it is full', reason: /^OOM$/, happens: (_server, admin) => admin.config('SET', 'maxmemory', '1') },
];

describeRedis('the reason of a lost store', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function newServer(args: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.start(...args);
    ends.push(() => server[Symbol.asyncDispose]());
    return server;
  }

  async function lifeWith(options: RedisTokenStoreOptions, settings: TokenLifeSettings = {}) {
    const store = new RedisTokenStore({ encryptionKeys: [ENCRYPTION_KEY], timeoutMs: 300, ...options });
    ends.push(() => store.close());
    await store.whenReady();
    const life = TokenLife.on(systemClock, { store, budget: 'of-the-process', ...settings });
    ends.push(() => life.cache.close());
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    void new LogLines(life.events, { log: write, warn: write, error: write }, systemClock);
    return { life, lines };
  }

  it.each(FAULTS)(
    'is one word in event and log line, without a secret, when $what',
    async ({ reason, serverArgs, urlOf, happens }) => {
      const server = await newServer(serverArgs);
      const url = urlOf?.(server) ?? server.url;
      const { life, lines } = await lifeWith({ url });
      await happens?.(server, server.client());
      expect((await life.ask()).error).toBeUndefined();
      const [lost, ...more] = life.eventsOf('store-lost');
      expect(lost?.reason).toMatch(reason);
      expect(more).toEqual([]);
      expect(lines).toEqual([
        `The token store does not answer (${lost?.operation}, ${lost?.reason}): this process gets its own tokens from Nudge until the store answers again. Run \`npx nestjs-nudge-auth doctor\`.`,
      ]);
      const canaries = new Canaries().plant('password', PASSWORD).plant('key', ENCRYPTION_KEY);
      canaries.plant('address', new URL(url).host).plant('host', '127.0.0.1');
      expect(canaries.foundIn(everythingSaidBy([life.happened, lines, life.service.status()]))).toEqual([]);
    },
  );

  it('is known before the next renewal: the store looks for invalidations once a second', async () => {
    const server = await newServer();
    const storeUser = { secrets: () => Promise.resolve([]) };
    const { life } = await lifeWith({ url: server.url }, { storeUser });
    await life.ask();
    expect(life.service.status().storeAvailable).toBe(true);
    await server.kill();
    await until('the loss is known', () => !life.service.status().storeAvailable);
    await life.ask();
    expect(life.eventsOf('store-lost')).toEqual([
      { type: 'store-lost', operation: 'look for invalidations', reason: expect.any(String) },
    ]);
    expect(life.calls).toHaveLength(1);
  });

  it('is reported by the store once, after three questions in a row have failed', async () => {
    const clock = new ManualClock();
    const server = await newServer();
    const store = new RedisTokenStore({ url: server.url, encryptionKeys: [ENCRYPTION_KEY] }, clock);
    ends.push(() => store.close());
    const lost: unknown[] = [];
    const bound = store.bind({
      secrets: () => Promise.resolve([]),
      invalidatedAll: () => undefined,
      lost: (error) => lost.push(error),
    });
    await bound.whenReady?.();
    await bound.read('entry');
    await server.kill();
    await until('the client has noticed', () =>
      bound.read('entry').then(
        () => false,
        () => true,
      ),
    );
    const reportsAfterSeconds: number[] = [];
    for (let seconds = 1; seconds <= 10; seconds += 1) {
      await clock.advanceAsync(SECOND_MS);
      reportsAfterSeconds.push(lost.length);
    }
    expect(reportsAfterSeconds).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("is ENOTCONN when the host's own client has lost its connection", async () => {
    const server = await newServer();
    const client = new Redis(server.url, { retryStrategy: () => 20, disconnectTimeout: 20 });
    client.on('error', () => undefined);
    ends.push(() => client.disconnect());
    const { life } = await lifeWith({ client });
    await server.kill();
    await until('the client has noticed', () => client.status !== 'ready');
    await life.ask();
    expect(life.eventsOf('store-lost').map(({ reason }) => reason)).toEqual(['ENOTCONN']);
  });
});
