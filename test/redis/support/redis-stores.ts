import { afterEach, expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import type { TokenLease, TokenStore } from '../../../src/store/token-store.js';
import { fakeEncryptionKey } from './fake-encryption-key.js';
import { recordOf } from './records.js';
import { RedisServer } from './redis-server.js';

export const KEY = fakeEncryptionKey('1');

/** Makes stores for a test. They close after it. */
interface RedisStores {
  readonly storeWith: (options?: Partial<RedisTokenStoreOptions>) => RedisTokenStore;
  /** A store that has its connections. */
  readonly ready: (options?: Partial<RedisTokenStoreOptions>) => Promise<RedisTokenStore>;
  /** A server that a test may suspend or kill. */
  readonly ownServer: () => Promise<RedisServer>;
}

/** @param url of the Redis for every store without a `client` or `url` */
export function redisStoresForEachTest(url: () => string): RedisStores {
  const stores: TokenStore[] = [];
  const servers: RedisServer[] = [];

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await Promise.all(servers.splice(0).map((own) => own[Symbol.asyncDispose]()));
  });

  const storeWith: RedisStores['storeWith'] = (options = {}) => {
    const where = options.client === undefined ? { url: url() } : {};
    const store = new RedisTokenStore({ ...where, encryptionKeys: [KEY], timeoutMs: 300, ...options });
    stores.push(store);
    return store;
  };

  return {
    storeWith,
    async ready(options) {
      const store = storeWith(options);
      await store.whenReady();
      return store;
    },
    async ownServer() {
      const own = await RedisServer.start();
      servers.push(own);
      return own;
    },
  };
}

let prefixes = 0;

/** A key prefix that no other test of the file uses. */
export function newPrefix(): string {
  prefixes += 1;
  return `test-${prefixes}:`;
}

export async function lease(store: TokenStore, entry = 'entry'): Promise<TokenLease> {
  const given = await store.acquire(entry);
  if (given === undefined) throw new Error('The store gave no lease');
  return given;
}

export async function written(store: TokenStore, token = 'a-token', entry = 'entry'): Promise<void> {
  const holder = await lease(store, entry);
  expect(await holder.write(recordOf(token))).toBe(true);
  await holder.release();
}

/** The time of Redis, in microseconds. */
export async function redisUs(client: Redis): Promise<number> {
  const [seconds = 0, micros = 0] = (await client.time()).map(Number);
  return seconds * 1e6 + micros;
}
