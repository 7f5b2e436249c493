import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Secret } from '../../src/common/secret.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { snapshotOf } from './support/snapshot.js';
import { until } from './support/until.js';
import { recordOf } from './support/records.js';
import { KEY, lease, newPrefix, redisStoresForEachTest, redisUs, written } from './support/redis-stores.js';

const OTHER_KEY = fakeEncryptionKey('2');

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

  describe('the data in Redis', () => {
    it('reveals no token, key or user, expires, and keeps an entry in one slot', async () => {
      const own = await ownServer();
      const apiKey = new Secret('obviously-fake-private-key');
      const user = {
        secrets: async () => [{ keyFingerprint: apiKey.fingerprint, material: apiKey.derive('token store') }],
      };
      const store = storeWith({ url: own.url, encryptionKeys: undefined });
      const bound = store.bind(user);
      await bound.whenReady?.();
      const entry = JSON.stringify(['', 'https://nudge.invalid/api', 'user', 60, 'ada@example.com']);
      const held = await lease(bound, entry);
      await held.write(recordOf('header.payload-of-the-token.signature', apiKey.fingerprint));
      await store.callLimitsOf('https://nudge.example').take('rotation', 100);
      await store.callLimitsOf('https://nudge.example').beginPause(60_000);
      const entries = await snapshotOf(own.client());
      expect(entries.length).toBe(6);
      for (const { ttlMs } of entries) expect(ttlMs).toBeGreaterThan(0);
      const names = entries.map(({ name }) => name);
      const dump = entries.map(({ name, value }) => name + value).join('\n');
      expect(dump).toContain('fence');
      const material = Buffer.from(apiKey.derive('token store'));
      const secrets = ['payload-of-the-token', 'fake-private-key', 'ada@example', 'nudge.invalid'];
      for (const secret of [...secrets, material.toString('hex'), material.toString('base64')]) {
        expect(dump).not.toContain(secret);
      }
      const tags = names.filter((name) => /\{(?!calls)/.test(name)).map((name) => /\{.+\}/.exec(name)?.[0]);
      expect(tags.length).toBe(3);
      expect(new Set(tags).size).toBe(1);
    });

    it('expires with the tokens, also for many users', async () => {
      const own = await ownServer();
      const store = await ready({ url: own.url });
      const users = 2_000;
      const lifeMs = 3_000;
      for (let first = 0; first < users; first += 100) {
        await Promise.all(
          Array.from({ length: 100 }, async (_, index) => {
            const holder = await lease(store, `user ${first + index}`);
            await holder.write({ ...recordOf(`token ${first + index}`), remainingMs: lifeMs });
            await holder.release();
          }),
        );
      }
      const client = own.client();
      const names = await client.keys('*');
      const ttls = await Promise.all(names.map((name) => client.pttl(name)));
      // A name is gone by now, or it expires: within two minutes at the latest.
      expect(ttls.filter((ttlMs) => ttlMs !== -2 && (ttlMs < 0 || ttlMs > 120_000))).toEqual([]);
      await until('no token is left', async () => (await client.keys('*:token')).length === 0);
      expect((await client.keys('*')).every((name) => name.endsWith(':order'))).toBe(true);
    }, 30_000);

    it('is a miss under another encryption key, and can be read with an older key of the list', async () => {
      const keyPrefix = newPrefix();
      await written(await ready({ keyPrefix }));
      expect(await (await ready({ keyPrefix, encryptionKeys: [OTHER_KEY] })).read('entry')).toBeUndefined();
      const rotated = await ready({ keyPrefix, encryptionKeys: [OTHER_KEY, KEY] });
      expect((await rotated.read('entry'))?.token).toBe('a-token');
      await written(rotated, 'a-newer-token');
      expect((await rotated.read('entry'))?.token).toBe('a-newer-token');
      expect((await (await ready({ keyPrefix })).read('entry'))?.token).toBe('a-token');
      await rotated.invalidate('entry');
      expect(await rotated.read('entry')).toBeUndefined();
    });

    it.each([
      ['a flipped bit', (sealed: string) => flipped(sealed, sealed.length - 30)],
      ['a flipped nonce', (sealed: string) => flipped(sealed, sealed.indexOf('.') + 3)],
      ['half of the record', (sealed: string) => sealed.slice(0, sealed.length / 2)],
      ['an empty text', () => ''],
      ['another text', () => 'not a record at all'],
      ['an unknown key', (sealed: string) => `0000000000000000${sealed.slice(16)}`],
    ])('is a miss with %s', async (_what, change) => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      await written(store);
      const [name = ''] = await admin.keys(`${keyPrefix}*:token`);
      const sealed = (await admin.hget(name, 'sealed')) ?? '';
      await admin.hset(name, 'sealed', change(sealed));
      expect(await store.read('entry')).toBeUndefined();
      await admin.hset(name, 'sealed', sealed);
      expect((await store.read('entry'))?.token).toBe('a-token');
    });

    it('is a miss at the name of another user, at the name of another version, and with another fence', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      await written(store, 'token-of-ada', 'ada');
      const [ofAda = ''] = await admin.keys(`${keyPrefix}*:token`);
      await written(store, 'token-of-grace', 'grace');
      const ofGrace = (await admin.keys(`${keyPrefix}*:token`)).find((name) => name !== ofAda) ?? '';
      await admin.copy(ofAda, ofGrace, 'REPLACE');
      expect(await store.read('grace')).toBeUndefined();
      await admin.hset(ofAda, 'fence', String(Number(await admin.hget(ofAda, 'fence')) + 1));
      expect(await store.read('ada')).toBeUndefined();

      await written(store, 'token-of-linus', 'linus');
      const ofLinus = (await admin.keys(`${keyPrefix}*:token`)).find(
        (name) => name !== ofAda && name !== ofGrace,
      );
      await admin.rename(String(ofLinus), String(ofLinus).replace(':v1:', ':v2:'));
      expect(await store.read('linus')).toBeUndefined();
    });

    it('is a miss when the name holds a value of another type, and the next write replaces that', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      await written(store);
      const [name = ''] = await admin.keys(`${keyPrefix}*:token`);
      await admin.set(name, 'garbage');
      expect(await store.read('entry')).toBeUndefined();
      await written(store, 'a-newer-token');
      expect((await store.read('entry'))?.token).toBe('a-newer-token');
    });

    it('replaces an order of fences that has another type', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      await (await lease(store)).release();
      const [order = ''] = await admin.keys(`${keyPrefix}*:order`);
      await admin.set(order, 'garbage');
      await written(store);
      expect(await admin.type(order)).toBe('hash');
      expect((await store.read('entry'))?.token).toBe('a-token');
    });

    it('is a miss after the life of the token, also if an attacker writes it back with a new time', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      const holder = await lease(store);
      await holder.write({ ...recordOf('a-token'), remainingMs: 400 });
      const [name = ''] = await admin.keys(`${keyPrefix}*:token`);
      const record = await admin.hgetall(name);
      await until('its life is over', async () => (await admin.exists(name)) === 0);
      await admin.hset(name, { ...record, at: String(await redisUs(admin)) });
      expect(await store.read('entry')).toBeUndefined();
    });

    it('is a miss when the clock of Redis was set back after the write, until the next write', async () => {
      const keyPrefix = newPrefix();
      const store = await ready({ keyPrefix });
      for (const [aheadMs, isRead] of [
        [600_000, false],
        [500, true],
      ] as const) {
        // The process that wrote the record got another time from Redis.
        const client = new Redis(server.url);
        const evalsha = client.evalsha.bind(client);
        const evalshaAhead = async (...args: Parameters<typeof evalsha>): Promise<unknown> => {
          const [status, nowUs, ...rest] = (await evalsha(...args)) as unknown[];
          return [status, String(Number(nowUs) + aheadMs * 1e3), ...rest];
        };
        try {
          const former = await ready({ keyPrefix, client: Object.assign(client, { evalsha: evalshaAhead }) });
          await written(former);
          expect((await store.read('entry')) !== undefined).toBe(isRead);
          await written(store, 'the-next');
          expect((await store.read('entry'))?.token).toBe('the-next');
          await former.close();
        } finally {
          client.disconnect();
        }
      }
    });
  });
});

function flipped(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}
