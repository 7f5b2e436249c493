import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock, type Clock } from '../../src/common/clock.js';
import { NUDGE_ORIGIN, TokenLife } from '../support/token-life.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';

const PAUSE = `nudge-auth:v1:{calls:${NUDGE_ORIGIN}}:pause`;
const KEY = fakeEncryptionKey();
const HOUR_US = 3_600e6;

interface Names {
  readonly token: string;
  readonly lease: string;
  readonly order: string;
  readonly pause: string;
  readonly budget: string;
}

/** @param nowUs the time of Redis. */
type Poison = (redis: Redis, names: Names, nowUs: number) => Promise<unknown>;

function field(name: keyof Names, key: string, text: string): Poison {
  return (redis, names) => redis.hset(names[name], key, text);
}

function ahead(name: 'token' | 'order', key: string): Poison {
  return (redis, names, nowUs) => redis.hset(names[name], key, String(nowUs + HOUR_US));
}

function pause(untilUs: number, probeUs?: number): Poison {
  return (redis, names, nowUs) =>
    redis.hset(names.pause, {
      until: String(nowUs + untilUs),
      ...(probeUs === undefined ? {} : { probe: String(nowUs + probeUs) }),
    });
}

function list(name: keyof Names): Poison {
  return async (redis, names) => {
    await redis.del(names[name]);
    await redis.rpush(names[name], 'garbage');
  };
}

const NUMBERS = ['1000000000000000000', '-1', 'inf', 'nan', 'abc', ''];

function value(name: keyof Names, text: string, ...ends: [] | ['PX', number]): Poison {
  return async (redis, names) => {
    await redis.del(names[name]);
    await (ends.length === 0 ? redis.set(names[name], text) : redis.set(names[name], text, ...ends));
  };
}

const OF_THE_ENTRY: readonly (readonly [string, Poison])[] = [
  ...NUMBERS.flatMap((text) => [
    [`the last fence is '${text}'`, field('order', 'given', text)] as const,
    [`the least fence is '${text}'`, field('order', 'least', text)] as const,
    [`the record's fence is '${text}'`, field('token', 'fence', text)] as const,
  ]),
  ['the last fence is an hour ahead', ahead('order', 'given')],
  ['the least fence is an hour ahead', ahead('order', 'least')],
  ["the record's fence is an hour ahead", ahead('token', 'fence')],
  ['the record is a list', list('token')],
  ['the order is a list', list('order')],
  ['the lease is a list', list('lease')],
  ['the lease has no expiry', value('lease', 'another 1')],
  // Like a lease that Redis gave before its clock stepped back.
  ['the lease lasts for minutes', value('lease', 'another 1', 'PX', 302_000)],
];

const OF_THE_CALL_LIMITS: readonly (readonly [string, Poison])[] = [
  ...NUMBERS.map((text) => [`a pause ends at '${text}'`, field('pause', 'until', text)] as const),
  ['a pause ends in an hour', pause(HOUR_US)],
  ['the probe after a pause may take an hour', pause(-1, HOUR_US)],
  ['the pause is a list', list('pause')],
  ['the budget is a list', list('budget')],
  ['the budget is not a number', value('budget', 'abc', 'PX', 1_000)],
  ['the budget is spent for a day', value('budget', '999999', 'PX', 86_400_000)],
  ['the budget is spent without an expiry', value('budget', '999999')],
];

describeRedis('a wrong value in Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  const stores: RedisTokenStore[] = [];
  const lives: TokenLife<Clock>[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
  });

  beforeEach(async () => {
    await admin.flushall();
  });

  afterEach(async () => {
    await Promise.all(lives.splice(0).map((life) => life.cache.close()));
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  function newStore(): RedisTokenStore {
    const store = new RedisTokenStore({ url: server.url, encryptionKeys: [KEY], timeoutMs: 300 });
    stores.push(store);
    return store;
  }

  /** The token service of one process, with its own store. */
  function newLife(vendorName: string): TokenLife<Clock> {
    const life = TokenLife.on(systemClock, { store: newStore(), budget: 'of-the-process', vendorName });
    lives.push(life);
    return life;
  }

  async function nowUs(): Promise<number> {
    const [seconds = 0, micros = 0] = (await admin.time()).map(Number);
    return seconds * 1e6 + micros;
  }

  async function namesThere(): Promise<Names> {
    const [order = ''] = await admin.keys('*:order');
    const [budget = ''] = await admin.keys('*{calls:*}:all');
    const sibling = (what: string): string => order.replace(/order$/, what);
    return { order, token: sibling('token'), lease: sibling('lease'), pause: PAUSE, budget };
  }

  it.each([...OF_THE_ENTRY, ...OF_THE_CALL_LIMITS])(
    'is gone after the next renewal, and causes no further call: %s',
    async (_what, poison) => {
      const [one, other] = [newLife('one'), newLife('other')];
      const first = await one.ask();
      expect((await other.ask()).token).toBe(first.token);
      const names = await namesThere();
      expect(Object.values(names)).not.toContain('');
      await poison(admin, names, await nowUs());

      const renewed = await one.ask({ forceRefresh: true });
      expect(renewed.error).toBeUndefined();
      expect((await newLife('new').ask()).token).toBe(renewed.token);
      expect(lives.flatMap(({ calls }) => calls)).toHaveLength(2);
      expect(lives.flatMap((life) => life.eventsOf('store-lost'))).toEqual([]);
      expect(await admin.exists(PAUSE)).toBe(0);
    },
  );

  it.each(OF_THE_ENTRY)('does not prevent an invalidation: %s', async (_what, poison) => {
    const store = newStore();
    await store.whenReady();
    const holder = await store.acquire('entry');
    const record = { token: 'a-token', remainingMs: 60_000, ageMs: 0, keyFingerprint: '0a1b2c3d' };
    await holder?.write(record);
    await poison(admin, await namesThere(), await nowUs());
    await store.invalidate('entry');
    expect(await store.read('entry')).toBeUndefined();
    const next = await store.acquire('entry');
    expect(await next?.write(record)).toBe(true);
    expect((await store.read('entry'))?.token).toBe('a-token');
    // The former holder can release its lease without an error.
    await holder?.release();
  });
});
