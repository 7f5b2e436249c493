import { Redis } from 'ioredis';
import { RedisTokenStore } from '#nudge-auth/redis/index';
import { HOW_TO_GET_REDIS, hasRedis, RedisServer } from '../redis-server.js';
import type { Settings } from '../settings.js';
import { sampleToken } from './memory.js';

const AT_ONCE = 50;
/** Short, so that the run can wait until the records expire. The memory of a record does not depend on it. */
const LIFE_MS = 60_000;
const POLL_MS = 500;

export interface RedisMemoryResults {
  readonly users: number;
  /** Bytes of Redis' memory for one user whose token has just been renewed. */
  readonly bytesPerUser: number;
  readonly names: number;
  /** Names without an expiry, which would stay for ever. */
  readonly namesWithoutEnd: number;
  readonly tokenLifeS: number;
  /** Seconds after the last write until Redis was empty again. */
  readonly emptyAfterS: number;
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

async function namesWithoutEnd(redis: Redis): Promise<number> {
  let count = 0;
  for await (const names of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
    const ends = await Promise.all(names.map((name) => redis.pttl(name)));
    count += ends.filter((ttlMs) => ttlMs === -1).length;
  }
  return count;
}

async function untilEmpty(redis: Redis): Promise<void> {
  while ((await redis.dbsize()) > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function renewAll(store: RedisTokenStore, users: number, token: string): Promise<void> {
  let next = 0;
  const renew = async (): Promise<void> => {
    for (let user = next++; user < users; user = next++) {
      const lease = await store.acquire(`user-${user}`);
      const record = { token, remainingMs: LIFE_MS, ageMs: 0, keyFingerprint: '0a1b2c3d' };
      if ((await lease?.write(record)) !== true) throw new Error('The store did not take a token');
      await lease?.release();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, renew));
}

/** Measures the memory of a user in Redis, and whether everything there expires. `undefined` without a redis-server. */
export async function measureRedisMemory({ isShort }: Settings): Promise<RedisMemoryResults | undefined> {
  if (!hasRedis) {
    console.log(`NOT MEASURED: redis-memory ${HOW_TO_GET_REDIS}`);
    return undefined;
  }
  const users = isShort ? 5_000 : 100_000;
  await using server = await RedisServer.start();
  const redis = new Redis(server.url);
  const store = new RedisTokenStore({
    url: server.url,
    encryptionKeys: [Buffer.from('obviously-fake-key-of-the-benchmark').toString('base64')],
    timeoutMs: 300,
  });
  await store.whenReady();
  const before = await usedBytes(redis);
  await renewAll(store, users, await sampleToken());
  const writtenAtMs = performance.now();
  const bytesPerUser = Math.round(((await usedBytes(redis)) - before) / users);
  const names = await redis.dbsize();
  const withoutEnd = await namesWithoutEnd(redis);
  if (withoutEnd === 0) await untilEmpty(redis);
  const emptyAfterS = Math.round((performance.now() - writtenAtMs) / 1000);
  await store.close();
  redis.disconnect();
  const tokenLifeS = LIFE_MS / 1000;
  return { users, bytesPerUser, names, namesWithoutEnd: withoutEnd, tokenLifeS, emptyAfterS };
}
