import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import { describeTokenStoreContract } from 'nestjs-nudge-auth/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TokenLease, TokenRecord, TokenStore } from '../../src/store/token-store.js';
import { Secret } from '../../src/common/secret.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { snapshotOf } from './support/snapshot.js';
import { until } from './support/until.js';

const KEY = fakeEncryptionKey('1');
const OTHER_KEY = fakeEncryptionKey('2');
const HOUR_MS = 3_600_000;

function recordOf(token: string, keyFingerprint = '0a1b2c3d'): TokenRecord {
  return { token, remainingMs: HOUR_MS, ageMs: 0, keyFingerprint };
}

describeRedis('RedisTokenStore', () => {
  let server: RedisServer;
  let admin: Redis;
  let prefixes = 0;
  const stores: TokenStore[] = [];
  const servers: RedisServer[] = [];

  /** A server that a test may suspend or kill. */
  async function ownServer(): Promise<RedisServer> {
    const own = await RedisServer.start();
    servers.push(own);
    return own;
  }

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
  });

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await Promise.all(servers.splice(0).map((own) => own[Symbol.asyncDispose]()));
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function isSubscribed(keyPrefix: string): Promise<boolean> {
    const [, count] = (await admin.pubsub('NUMSUB', `${keyPrefix}v1:changes`)) as [string, number];
    return count > 0;
  }

  function storeWith(options: Partial<RedisTokenStoreOptions> = {}): RedisTokenStore {
    const where = options.client === undefined ? { url: server.url } : {};
    const store = new RedisTokenStore({ ...where, encryptionKeys: [KEY], timeoutMs: 300, ...options });
    stores.push(store);
    return store;
  }

  async function ready(options: Partial<RedisTokenStoreOptions> = {}): Promise<RedisTokenStore> {
    const store = storeWith(options);
    await store.whenReady();
    return store;
  }

  async function lease(store: TokenStore, entry = 'entry'): Promise<TokenLease> {
    const given = await store.acquire(entry);
    if (given === undefined) throw new Error('The store gave no lease');
    return given;
  }

  async function written(store: TokenStore, token = 'a-token', entry = 'entry'): Promise<void> {
    const holder = await lease(store, entry);
    expect(await holder.write(recordOf(token))).toBe(true);
    await holder.release();
  }

  function newPrefix(): string {
    prefixes += 1;
    return `test-${prefixes}:`;
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

  describe('the data in Redis', () => {
    it('reveals no token, key or user, expires, and keeps an entry in one slot', async () => {
      const own = await ownServer();
      const apiKey = new Secret('obviously-fake-private-key');
      const user = {
        secrets: async () => [{ keyFingerprint: apiKey.fingerprint, material: apiKey.derive('token store') }],
      };
      const store = new RedisTokenStore({ url: own.url, timeoutMs: 300 });
      stores.push(store);
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

/** The time of Redis, in microseconds. */
async function redisUs(client: Redis): Promise<number> {
  const [seconds = 0, micros = 0] = (await client.time()).map(Number);
  return seconds * 1e6 + micros;
}

function flipped(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}
