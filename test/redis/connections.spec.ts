import { afterEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/common/clock.js';
import { clientFor } from '../../src/redis/own-client.js';
import { ACQUIRE, READ, RENEW, TAKE, WRITE } from '../../src/redis/scripts.js';
import { wireTls } from '../support/wire.js';
import { TokenLife } from '../support/token-life.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { freePort, RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';

const RECORD = { token: 'a-token', remainingMs: 3_600_000, ageMs: 0, keyFingerprint: '0a1b2c3d' };
function tlsFile(name: 'key' | 'certificate'): string {
  return fileURLToPath(new URL(`../fixtures/tls/obviously-fake-${name}.pem`, import.meta.url));
}

describeRedis('a connection of the Redis store', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function newServer(...args: string[]): Promise<RedisServer> {
    const server = await RedisServer.start(...args);
    ends.push(() => server[Symbol.asyncDispose]());
    return server;
  }

  /** Starts a server whose certificate is self-signed. Returns its port for TLS. */
  async function newTlsServer(): Promise<number> {
    const port = await freePort();
    const files = ['--tls-cert-file', tlsFile('certificate'), '--tls-key-file', tlsFile('key')];
    await newServer('--tls-port', String(port), ...files, '--tls-auth-clients', 'no');
    return port;
  }

  async function ready(options: RedisTokenStoreOptions): Promise<RedisTokenStore> {
    const store = new RedisTokenStore({
      encryptionKeys: [fakeEncryptionKey()],
      timeoutMs: 300,
      ...options,
    });
    ends.push(() => store.close());
    await store.whenReady();
    return store;
  }

  function clientOf(client: Redis): Redis {
    client.on('error', () => undefined);
    ends.push(() => client.disconnect());
    return client;
  }

  /** Writes a token, reads it, and invalidates it. */
  async function expectToWork(store: RedisTokenStore): Promise<void> {
    const holder = await store.acquire('entry');
    expect(await holder?.write(RECORD)).toBe(true);
    await holder?.release();
    expect((await store.read('entry'))?.token).toBe('a-token');
    await store.invalidate('entry');
    expect(await store.read('entry')).toBeUndefined();
  }

  it('understands an IPv6 address in the URL', () => {
    // Not every machine has IPv6, so this test makes no connection.
    const client = clientOf(clientFor('redis://[::1]:6390'));
    expect(client.options).toMatchObject({ host: '::1', port: 6390 });
  });

  it('works with a host name and family=0 in the URL, as hosts on IPv6-only networks write it', async () => {
    const { port } = await newServer();
    await expectToWork(await ready({ url: `redis://localhost:${port}?family=0` }));
  });

  it('works with a client that has the options of BullMQ', async () => {
    const { url } = await newServer();
    const client = clientOf(new Redis(url, { maxRetriesPerRequest: null, enableReadyCheck: false }));
    await expectToWork(await ready({ client }));
  });

  it('works over TLS with a private certificate authority that the client of the host trusts', async () => {
    const tls = { ca: wireTls.cert, servername: 'nudge.test' };
    const client = clientOf(new Redis({ host: '127.0.0.1', port: await newTlsServer(), tls }));
    await expectToWork(await ready({ client }));
  });

  it('is refused, with its reason, when the certificate of the server is self-signed', async () => {
    const url = `rediss://127.0.0.1:${await newTlsServer()}`;
    const life = TokenLife.on(systemClock, { store: await ready({ url }) });
    ends.push(() => life.cache.close());
    expect((await life.ask()).error).toBeUndefined();
    expect(life.eventsOf('store-lost').map(({ reason }) => reason)).toEqual(['DEPTH_ZERO_SELF_SIGNED_CERT']);
  });

  it('goes on after SCRIPT FLUSH, because it sends an unknown script again', async () => {
    const server = await newServer();
    const store = await ready({ url: server.url });
    await expectToWork(store);
    await server.client().script('FLUSH');
    await expectToWork(store);
  });

  it('is made again after CLIENT KILL', async () => {
    const server = await newServer();
    const store = await ready({ url: server.url });
    await expectToWork(store);
    await server.client().call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('the store answers again', () =>
      store.read('entry').then(
        () => true,
        () => false,
      ),
    );
    await expectToWork(store);
  });

  it('runs four scripts for a renewal: read, take the lease, take a call, write', async () => {
    const { url } = await newServer();
    const client = clientOf(new Redis(url));
    const store = await ready({ client });
    const life = TokenLife.on(systemClock, { store, budget: 'of-the-process' });
    ends.push(() => life.cache.close());
    await life.ask();
    const run: string[] = [];
    const evalsha = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const names = new Map([
      [READ.sha, 'read'],
      [ACQUIRE.sha, 'acquire'],
      [TAKE.sha, 'take'],
      [WRITE.sha, 'write'],
      [RENEW.sha, 'extend'],
    ]);
    Object.assign(client, {
      evalsha: (sha: string, ...args: unknown[]) => {
        run.push(names.get(sha) ?? 'another script');
        return evalsha(sha, ...args);
      },
    });
    expect((await life.ask({ forceRefresh: true })).error).toBeUndefined();
    // While the call to Nudge lasts, the lease is extended now and then.
    expect(run.filter((name) => name !== 'extend')).toEqual(['read', 'acquire', 'take', 'write']);
  });
});
