import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describeRedis } from './support/describe-redis.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';
import { newPrefix, redisStoresForEachTest, written } from './support/redis-stores.js';

describeRedis('RedisTokenStore', () => {
  let server: RedisServer;
  let admin: Redis;
  const { ownServer, ready, storeWith } = redisStoresForEachTest(() => server.url);

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describe('the client', () => {
    it('of the host gets our timeouts, queues no command, and is never closed', async () => {
      const own = await ownServer();
      const client = new Redis(own.url, { retryStrategy: () => 20 });
      client.on('error', () => undefined);
      try {
        const store = await ready({ client, keyPrefix: newPrefix(), timeoutMs: 50 });
        await written(store);
        own.suspend();
        await expect(store.read('entry')).rejects.toThrow('in time');
        own.resume();
        await until('it answers again', () =>
          store.read('entry').then(
            () => true,
            () => false,
          ),
        );
        await own.kill();
        await until('the client has noticed', () => client.status !== 'ready');
        await expect(store.read('entry')).rejects.toThrow('no connection');
        await own.launch();
        await until('it is back', () => client.status === 'ready');
        expect(await store.read('entry')).toBeUndefined();
        await store.close();
        expect(await client.ping()).toBe('PONG');
      } finally {
        client.disconnect();
      }
    });

    it('of the host may have a key prefix and may not be connected yet', async () => {
      const client = new Redis(server.url, { keyPrefix: 'of-the-host:', lazyConnect: true });
      try {
        const keyPrefix = newPrefix();
        const store = await ready({ client, keyPrefix });
        await written(store);
        expect((await store.read('entry'))?.token).toBe('a-token');
        expect((await admin.keys(`of-the-host:${keyPrefix}*:token`)).length).toBe(1);
      } finally {
        client.disconnect();
      }
    });

    it('waits for its first connection, but 2 s at most', async () => {
      const started = performance.now();
      await storeWith({ url: 'redis://127.0.0.1:1' }).whenReady();
      expect(performance.now() - started).toBeGreaterThan(1_500);
      const own = await ownServer();
      await own.kill();
      const store = storeWith({ url: own.url });
      const isReady = store.whenReady();
      await own.launch();
      await isReady;
      expect(await store.read('entry')).toBeUndefined();
    });

    it('connects again when its connection gets no answer for 2 s', async () => {
      const own = await ownServer();
      const sniffer = own.client();
      const store = await ready({ url: own.url, timeoutMs: 100 });
      await written(store);
      const idsOf = async (): Promise<string> => String(await sniffer.client('LIST'));
      const before = /id=(\d+)\D.* name=nestjs-nudge-auth .*cmd=evalsha/.exec(await idsOf())?.[1];
      own.suspend();
      const endsAtMs = performance.now() + 2_500;
      while (performance.now() < endsAtMs) await store.read('entry').catch(() => undefined);
      own.resume();
      await until('it reads again', () =>
        store.read('entry').then(
          () => true,
          () => false,
        ),
      );
      expect(await idsOf()).not.toContain(`id=${before} `);
    });

    it('closes its connections soon, also when Redis hangs', async () => {
      const own = await ownServer();
      const sockets: Socket[] = [];
      const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
      subscribe('net.client.socket', note);
      const store = await ready({ url: own.url });
      await until('both connections are there', () => sockets.length === 2);
      unsubscribe('net.client.socket', note);
      const slowToClose = new Redis(own.url, { disconnectTimeout: 1_000 });
      await once(slowToClose, 'ready');
      own.suspend();
      await store.close();
      slowToClose.disconnect();
      await once(slowToClose, 'end');
      expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    });

    it('works without pub/sub: a wait ends after its time limit', async () => {
      const own = await ownServer();
      await own.client().call('ACL', 'SETUSER', 'default', 'resetchannels');
      const store = await ready({ url: own.url });
      await written(store);
      expect((await store.read('entry'))?.token).toBe('a-token');
      await store.untilChanged('entry', 10);
    });
  });
});
