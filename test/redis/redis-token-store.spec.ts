import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { describeTokenStoreContract } from 'nestjs-nudge-auth/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../src/common/secret.js';
import { describeRedis } from './support/describe-redis.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';
import { recordOf } from './support/records.js';
import { lease, newPrefix, redisStoresForEachTest, redisUs, written } from './support/redis-stores.js';

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

  async function isSubscribed(keyPrefix: string): Promise<boolean> {
    const [, count] = (await admin.pubsub('NUMSUB', `${keyPrefix}v1:changes`)) as [string, number];
    return count > 0;
  }

  describeTokenStoreContract(
    'Redis',
    async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      await until('the store has subscribed', () => isSubscribed(keyPrefix));
      return store;
    },
    { describe, it, afterEach },
  );

  describe('the lease', () => {
    it('is renewed while its holder works, and goes to another process soon after the holder is gone', async () => {
      const keyPrefix = newPrefix();
      const [holder, other] = [await ready({ keyPrefix }), await ready({ keyPrefix })];
      const held = await lease(holder);
      const [name = ''] = await admin.keys(`${keyPrefix}*:lease`);
      let renewals = 0;
      let ttlMs = await admin.pttl(name);
      expect(ttlMs).toBeLessThanOrEqual(2_000);
      await until('it was renewed five times', async () => {
        const nowMs = await admin.pttl(name);
        if (nowMs > ttlMs) renewals += 1;
        ttlMs = nowMs;
        expect(ttlMs).toBeGreaterThan(0);
        return renewals >= 5;
      });
      expect(held.isHeld()).toBe(true);
      expect(await other.acquire('entry')).toBeUndefined();

      // A record ages from the last renewal of the lease, not from its beginning, so a slow fetch does not make it old.
      expect(await held.write(recordOf('a-token'))).toBe(true);
      const { ageMs = Number.NaN } = (await other.read('entry')) ?? {};
      expect((await redisUs(admin)) / 1e3 - held.fence / 1e3 - ageMs).toBeGreaterThan(1_900);

      // As if the process had died: the lease is no longer renewed.
      await admin.set(name, 'another holder', 'PX', 400);
      await until('the holder notices', () => !held.isHeld());
      await until('another gets it', async () => (await other.acquire('entry')) !== undefined);
    });

    it('ends for its holder 1.5 s after the last renewal that Redis may have got', async () => {
      const keyPrefix = newPrefix();
      const own = await ownServer();
      const store = await ready({ keyPrefix, url: own.url });
      const held = await lease(store);
      const givenAtMs = performance.now();
      own.suspend();
      await until('the holder gives up', () => !held.isHeld(), 3_000);
      expect(performance.now() - givenAtMs).toBeLessThan(2_000);
      own.resume();
      expect(held.isHeld()).toBe(false);
    });

    it('has a fence that is the time of Redis, and that rises also after that time stepped back', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      const first = await lease(store);
      const nowUs = await redisUs(admin);
      expect(Math.abs(nowUs - first.fence)).toBeLessThan(5e6);
      await first.release();
      const [order = ''] = await admin.keys(`${keyPrefix}*:order`);
      const future = nowUs + 3_600e6;
      await admin.hset(order, 'given', String(future));
      const next = await lease(store);
      expect(next.fence).toBe(future + 1);
      await next.write(recordOf('a-token'));
      expect((await store.read('entry'))?.ageMs).toBeLessThan(60_000);
    });
  });

  describe('a script that Redis runs too late', () => {
    it('does nothing', async () => {
      const own = await ownServer();
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix, url: own.url, timeoutMs: 50 });
      await written(store);
      const [before] = [await store.read('entry')];
      expect(before?.token).toBe('a-token');
      const late = await lease(store);
      own.suspend();
      await expect(late.write(recordOf('too-late'))).rejects.toThrow('in time');
      await expect(store.invalidate('entry')).rejects.toThrow('in time');
      own.resume();
      // Redis serves a connection in order: once it answers, it has run the late scripts.
      await until('it answers again', () =>
        store.read('entry').then(
          () => true,
          () => false,
        ),
      );
      expect((await store.read('entry'))?.token).toBe('a-token');
    });
  });

  describe('encryption keys derived from API keys', () => {
    function userOf(...keys: string[]) {
      return {
        asked: 0,
        keys,
        async secrets() {
          this.asked += 1;
          return this.keys
            .map((key) => new Secret(key))
            .map((key) => ({ keyFingerprint: key.fingerprint, material: key.derive('token store') }));
        },
      };
    }

    it('let only processes with the same API key share tokens', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix, encryptionKeys: undefined });
      const first = store.bind(userOf('fake-key-one'));
      const fingerprint = new Secret('fake-key-one').fingerprint;
      expect(await (await lease(first)).write(recordOf('a-token', fingerprint))).toBe(true);
      expect((await store.bind(userOf('fake-key-one')).read('entry'))?.token).toBe('a-token');
      expect(await store.bind(userOf('fake-key-two')).read('entry')).toBeUndefined();
      // A rotation: the new key is the first one, and the former key is the fallback.
      expect((await store.bind(userOf('fake-key-two', 'fake-key-one')).read('entry'))?.token).toBe('a-token');
    });

    it('seal a token with the API key that fetched it, also if that key is only a moment old', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix, encryptionKeys: undefined });
      const user = userOf('fake-key-one');
      const bound = store.bind(user);
      const held = await lease(bound);
      user.keys = ['fake-key-two', 'fake-key-one'];
      await delay(1_050);
      expect(await held.write(recordOf('a-token', new Secret('fake-key-two').fingerprint))).toBe(true);
      expect(user.asked).toBe(2);
      const unaware = userOf('fake-key-one');
      expect(await store.bind(unaware).read('entry')).toBeUndefined();
      expect((await store.bind(user).read('entry'))?.token).toBe('a-token');
    });

    it('are required: a store without a module and without encryptionKeys rejects', async () => {
      const store = storeWith({ encryptionKeys: undefined });
      await expect(store.read('entry')).rejects.toThrow('encryptionKeys');
    });
  });

  it('lists every problem of its options in one error that quotes no value', () => {
    const bad = {
      url: 'http://user:secret@host',
      keyPrefix: 'a{b}',
      encryptionKeys: ['short'],
      timeoutMs: 1,
    };
    expect(() => new RedisTokenStore(bad)).toThrow(
      /4 problems:\n {2}- url: .*\n {2}- keyPrefix: .*\n {2}- encryptionKeys: .*\n {2}- timeoutMs: /,
    );
    expect(() => new RedisTokenStore(bad)).not.toThrow(/secret@|short'/);
    expect(() => new RedisTokenStore({})).toThrow('either url or client');
    const misspelt = { url: 'redis://127.0.0.1:6379', prefix: 'host:' };
    expect(() => new RedisTokenStore(misspelt)).toThrow('prefix: is not an option: did you mean keyPrefix?');
    expect(() => new RedisTokenStore({ client: {} as Redis })).toThrow('client: must be');
  });

  it('can be closed by each registration that uses it', async () => {
    const store = await ready();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await expect(store.read('entry')).rejects.toThrow('no connection');
  });
});
