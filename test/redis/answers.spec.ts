import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock } from '../../src/common/clock.js';
import { NUDGE_ORIGIN, TokenLife } from '../support/token-life.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';

const KEY = fakeEncryptionKey();
const RECORD = { token: 'a-token', remainingMs: 3_600_000, ageMs: 0, keyFingerprint: '0a1b2c3d' };
const TIME = '1700000000000000';

describeRedis('the answers of Redis', () => {
  let server: RedisServer;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function storeOn(client: Redis): Promise<RedisTokenStore> {
    ends.push(() => client.disconnect());
    const store = new RedisTokenStore({ client, encryptionKeys: [KEY], timeoutMs: 300 });
    ends.push(() => store.close());
    await store.whenReady();
    return store;
  }

  /** A store whose server gives this answer to every script, like another program that speaks the protocol of Redis. */
  function answering(...answer: unknown[]): Promise<RedisTokenStore> {
    return storeOn(Object.assign(new Redis(server.url), { evalsha: async () => answer }));
  }

  describe.each(['abc', '', 'inf', 'NaN', '1e999'])('with %j in place of a number', (nonsense) => {
    it.each([
      ['the time', (store: RedisTokenStore) => store.read('entry'), ['ok', nonsense]],
      ['the time of a late answer', (store: RedisTokenStore) => store.read('entry'), ['late', nonsense]],
      ['the fence of a record', (store: RedisTokenStore) => store.read('entry'), ['ok', TIME, nonsense, 'x']],
      ['the fence of a lease', (store: RedisTokenStore) => store.acquire('entry'), ['ok', TIME, nonsense]],
      [
        'the budget',
        (store: RedisTokenStore) => store.callLimitsOf(NUDGE_ORIGIN).take('urgent', 100),
        ['ok', TIME, 0, nonsense, 0],
      ],
      [
        'the pause',
        (store: RedisTokenStore) => store.callLimitsOf(NUDGE_ORIGIN).take('urgent', 100),
        ['ok', TIME, nonsense, 0, 0],
      ],
      [
        'the probe',
        (store: RedisTokenStore) => store.callLimitsOf(NUDGE_ORIGIN).take('urgent', 100),
        ['ok', TIME, 0, 0, nonsense],
      ],
    ])('count as a failure: %s', async (_what, ask, answer) => {
      await expect(ask(await answering(...answer))).rejects.toThrow('cannot give');
    });

    it('make the store count as lost, and callers still get their tokens', async () => {
      const store = await answering('ok', TIME, nonsense, nonsense, nonsense);
      const life = TokenLife.on(systemClock, { store, budget: 'of-the-process' });
      ends.push(() => life.cache.close());
      expect((await life.ask()).error).toBeUndefined();
      expect(life.service.status().storeAvailable).toBe(false);
      expect(life.eventsOf('store-lost').map(({ reason }) => reason)).toEqual(['EPROTO']);
    });
  });

  it('cost no probe when one of them is lost: the caller asks again and gets its probe', async () => {
    const client = new Redis(server.url);
    const limits = (await storeOn(client)).callLimitsOf(NUDGE_ORIGIN);
    const other = (await storeOn(new Redis(server.url))).callLimitsOf(NUDGE_ORIGIN);
    // The server knows the script from now on.
    await other.take('urgent', 100);
    await limits.beginPause(0);
    const evalsha = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    let asked = 0;
    Object.assign(client, {
      evalsha: async (...args: unknown[]) => {
        const answer = await evalsha(...args);
        asked += 1;
        return asked === 1 ? new Promise(() => undefined) : answer;
      },
    });
    expect(await limits.take('urgent', 100)).toEqual({ pausedForMs: 0, waitMs: 0, isProbe: true });
    expect(asked).toBe(2);
    expect((await other.take('urgent', 100)).pausedForMs).toBeGreaterThan(0);
    await limits.giveBackProbe();
    expect((await other.take('urgent', 100)).isProbe).toBe(true);
    // The first caller has the probe no more, so it cannot give it back.
    await limits.giveBackProbe();
    expect((await limits.take('urgent', 100)).pausedForMs).toBeGreaterThan(0);
    await other.endPause();
  });

  it('never make a caller wait longer than a minute', async () => {
    const limits = (await answering('ok', TIME, '600000', '700000', 0)).callLimitsOf(NUDGE_ORIGIN);
    expect(await limits.take('urgent', 1)).toEqual({ pausedForMs: 60_000, waitMs: 60_000, isProbe: false });
    const own = await storeOn(new Redis(server.url));
    await own.callLimitsOf(NUDGE_ORIGIN).beginPause(600_000);
    const { pausedForMs } = await own.callLimitsOf(NUDGE_ORIGIN).take('urgent', 1);
    expect(pausedForMs).toBeGreaterThan(50_000);
    expect(pausedForMs).toBeLessThanOrEqual(60_000);
    await own.callLimitsOf(NUDGE_ORIGIN).endPause();
  });

  it('are understood through a client that returns numbers as text', async () => {
    const store = await storeOn(new Redis(server.url, { stringNumbers: true }));
    const admin = server.client();
    const holder = await store.acquire('entry');
    const [name = ''] = await admin.keys('*:lease');
    let ttlMs = await admin.pttl(name);
    let renewals = 0;
    await until('the lease was renewed twice', async () => {
      const nowMs = await admin.pttl(name);
      if (nowMs > ttlMs) renewals += 1;
      ttlMs = nowMs;
      return renewals === 2;
    });
    expect(holder?.isHeld()).toBe(true);
    expect(await holder?.write(RECORD)).toBe(true);
    expect((await store.read('entry'))?.token).toBe('a-token');
    expect((await store.callLimitsOf(NUDGE_ORIGIN).take('rotation', 100)).waitMs).toBe(0);
    await store.callLimitsOf(NUDGE_ORIGIN).beginPause(0);
    expect(await store.callLimitsOf(NUDGE_ORIGIN).take('rotation', 100)).toEqual({
      pausedForMs: 0,
      waitMs: 0,
      isProbe: true,
    });
    await store.callLimitsOf(NUDGE_ORIGIN).endPause();
  });
});
