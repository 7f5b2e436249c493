import { expect, it } from '@jest/globals';
import { Cluster, type Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import { readFileSync } from 'node:fs';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisCluster } from './support/redis-cluster.js';
import { RedisSentinel } from './support/redis-sentinel.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';

const PASSWORD = 'obviously-fake-password';
const RECORD = { token: 'a-token', remainingMs: 3_600_000, ageMs: 0, keyFingerprint: '0a1b2c3d' };

/** The commands that the store and ioredis need beside those of `exercise`. */
const ALLOWED = [
  'AUTH nudge fake',
  'HELLO 3',
  'PING',
  'QUIT',
  'SELECT 1',
  'INFO',
  'ASKING',
  'READONLY',
  'CLIENT SETNAME nestjs-nudge-auth',
  'CLUSTER SLOTS',
  'CLUSTER INFO',
  'PUBLISH nudge-auth:v1:changes entry',
  'SUBSCRIBE nudge-auth:v1:changes',
];

/** Commands that would affect other users of the same Redis, or reveal something about them. */
const FORBIDDEN = [
  'CLIENT PAUSE 60000',
  'CLIENT KILL TYPE normal',
  'CLIENT LIST',
  'CLIENT UNBLOCK 1',
  'CLIENT NO-EVICT on',
  'CLIENT TRACKING on BCAST',
  'KEYS *',
  'SCAN 0',
  'FLUSHALL',
  'FLUSHDB',
  'CONFIG GET *',
  'CONFIG SET maxmemory 1',
  'ACL LIST',
  'MONITOR',
  'DEBUG SLEEP 1',
  'SHUTDOWN',
  'REPLICAOF NO ONE',
  'SCRIPT FLUSH',
  'SCRIPT LOAD x',
  'FUNCTION FLUSH',
  'CLUSTER FAILOVER',
  'CLUSTER RESET',
  'SWAPDB 0 1',
  'MIGRATE h 1 nudge-auth:x 0 1',
  'PSUBSCRIBE *',
  'GET of-another-app',
  'DEL of-another-app',
  'PUBLISH of-another-app x',
  'SUBSCRIBE of-another-app',
];

/** The command that the docs tell operators to run. */
function documented(): string[] {
  const [line = ''] = /ACL SETUSER nudge .+/.exec(readFileSync('docs/fleet.md', 'utf8')) ?? [];
  return line.replace('>…', `>${PASSWORD}`).split(' ');
}

/** Does everything that a store does, also with a Redis that has forgotten the scripts. */
async function exercise(options: RedisTokenStoreOptions, admins: readonly Redis[]): Promise<void> {
  const [acl = '', ...rules] = documented();
  for (const admin of admins) await admin.call(acl, ...rules);
  const common = { encryptionKeys: [fakeEncryptionKey()], timeoutMs: 300 };
  const store = new RedisTokenStore({ ...common, ...options });
  try {
    await store.whenReady();
    const subscribers = async (): Promise<number> => {
      const counts = await Promise.all(
        admins.map(async (admin) => (await admin.pubsub('NUMSUB', 'nudge-auth:v1:changes'))[1]),
      );
      return counts.map(Number).reduce((sum, count) => sum + count, 0);
    };
    await until('the store has subscribed', async () => (await subscribers()) > 0);
    for (const admin of admins) await admin.script('FLUSH');
    const holder = await store.acquire('entry');
    const changed = store.untilChanged('entry', 1_000);
    expect(await holder?.write(RECORD)).toBe(true);
    await changed;
    await holder?.release();
    expect((await store.read('entry'))?.token).toBe('a-token');
    const next = await store.acquire('entry');
    expect(next?.isHeld()).toBe(true);
    await store.invalidate('entry');
    expect(await store.read('entry')).toBeUndefined();
    const acme = store.forTenant('acme');
    await (await acme.acquire('entry'))?.write(RECORD);
    await acme.invalidateAll?.();
    expect(await acme.read('entry')).toBeUndefined();
    const limits = store.callLimitsOf('https://nudge.example');
    expect((await limits.take('rotation', 100)).waitMs).toBe(0);
    await limits.beginPause(0);
    expect((await limits.take('rotation', 100)).isProbe).toBe(true);
    await limits.endPause();
    for (const admin of admins) expect(await admin.call('ACL', 'LOG')).toEqual([]);
  } finally {
    await store.close();
  }
}

describeRedis('the access list in the docs', () => {
  it('allows all that the store needs with one server', async () => {
    const server = await RedisServer.start();
    try {
      const url = server.url.replace('//', `//nudge:${PASSWORD}@`);
      await exercise({ url }, [server.client()]);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('allows the commands that the store needs, and none that affects other users of the same Redis', async () => {
    const server = await RedisServer.start();
    try {
      const admin = server.client();
      const [acl = '', ...rules] = documented();
      await admin.call(acl, ...rules);
      const isAllowed = async (line: string): Promise<[string, boolean]> => {
        const [command = '', ...args] = line.split(' ');
        const answer = await admin.call('ACL', 'DRYRUN', 'nudge', command, ...args);
        return [line, answer === 'OK'];
      };
      expect(await Promise.all(ALLOWED.map(isAllowed))).toEqual(ALLOWED.map((line) => [line, true]));
      expect(await Promise.all(FORBIDDEN.map(isAllowed))).toEqual(FORBIDDEN.map((line) => [line, false]));
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('allows all that the store needs with the servers behind a sentinel', async () => {
    const sentinel = await RedisSentinel.start();
    try {
      const client = sentinel.client({ username: 'nudge', password: PASSWORD, lazyConnect: true });
      await exercise({ client }, sentinel.admins);
    } finally {
      await sentinel[Symbol.asyncDispose]();
    }
  });

  it('allows all that the store needs with a cluster', async () => {
    const cluster = await RedisCluster.start();
    const client = new Cluster(cluster.nodes, {
      lazyConnect: true,
      redisOptions: { username: 'nudge', password: PASSWORD },
    });
    client.on('error', () => undefined);
    try {
      await exercise({ client }, cluster.clients);
    } finally {
      client.disconnect();
      await cluster[Symbol.asyncDispose]();
    }
  }, 60_000);
});
