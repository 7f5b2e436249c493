import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { RedisTokenStoreOptions } from 'nestjs-nudge-auth/redis';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { HOUR_MS, recordOf } from './support/records.js';
import { RedisServer } from './support/redis-server.js';
import { KEY, newPrefix, redisStoresForEachTest, written } from './support/redis-stores.js';
import { snapshotOf } from './support/snapshot.js';
import { Pod, tokenIn } from './support/tenant-views.js';
import { until } from './support/until.js';

const NEW_KEY = fakeEncryptionKey('2');

describeRedis('a Redis that tenants share', () => {
  let server: RedisServer;
  let admin: Redis;
  let keyPrefix: string;
  const { ready, storeWith } = redisStoresForEachTest(() => server.url);

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
  });

  beforeEach(() => {
    keyPrefix = newPrefix();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function pod(tenants: string[], options: Partial<RedisTokenStoreOptions> = {}): Promise<Pod> {
    const made = new Pod(storeWith({ keyPrefix, ...options }), tenants);
    await made.store.whenReady?.();
    return made;
  }

  it('stops the boot without encryptionKeys, and says how to get one', () => {
    const store = storeWith({ encryptionKeys: undefined });
    expect(() => new Pod(store, [])).toThrow(
      'encryptionKeys: at least one key is required with the option "tenants" (make one with: npx nestjs-nudge-auth key)',
    );
  });

  it('keeps equal entries of tenants apart whose ids differ in case, Unicode form or blanks', async () => {
    const ids = ['acme', 'Acme', 'acme ', 'acmé', 'acme\u0301', '\ud800', '\udfff', '*', '["acme"]', ''];
    const one = await pod(ids);
    for (const id of ids) await written(one.of(id), `token of ${JSON.stringify(id)}`);
    const other = await pod(ids);
    for (const id of ids) expect(await tokenIn(other.of(id))).toBe(`token of ${JSON.stringify(id)}`);
    await other.invalidate('acme');
    expect(await tokenIn(other.of('acme'))).toBeUndefined();
    for (const id of ids.slice(1)) {
      expect(await tokenIn(other.of(id))).toBe(`token of ${JSON.stringify(id)}`);
    }
  });

  it('reveals no tenant, and treats a record at the name of another tenant as a miss', async () => {
    const one = await pod(['canary-tenant', 'other']);
    await written(one.of('canary-tenant'), 'a-token', 'canary-user');
    await one.invalidate('canary-tenant');
    await written(one.of('canary-tenant'), 'a-token', 'canary-user');
    const entries = await snapshotOf(admin, `${keyPrefix}*`);
    for (const { ttlMs } of entries) expect(ttlMs).toBeGreaterThan(0);
    const dump = entries.map(({ name, value }) => name + value).join('\n');
    expect(dump).toContain('fence');
    expect(dump).not.toContain('canary');
    expect(entries.some(({ name }) => name.endsWith(':generations'))).toBe(true);

    const [from = ''] = await admin.keys(`${keyPrefix}*:token`);
    await written(one.of('other'), 'another-token', 'canary-user');
    const [to = ''] = (await admin.keys(`${keyPrefix}*:token`)).filter((name) => name !== from);
    await admin.del(to);
    await admin.call('COPY', from, to);
    expect(await tokenIn(one.of('other'), 'canary-user')).toBeUndefined();
    expect(await tokenIn(one.of('canary-tenant'), 'canary-user')).toBe('a-token');
  });

  it('passes an invalidation to another process at once, for that tenant only', async () => {
    const [one, other] = [await pod(['acme', 'globex']), await pod(['acme', 'globex'])];
    await written(one.of('acme'), 'acme-1');
    await written(one.of('globex'), 'globex-1');
    expect(await tokenIn(other.of('acme'))).toBe('acme-1');
    await one.invalidate('acme');
    expect(await tokenIn(one.of('acme'))).toBeUndefined();
    await until('the other has dropped the tenant', () => other.invalidated.length > 0, 2_000);
    expect([other.invalidated, one.invalidated]).toEqual([['acme'], []]);
    expect(await tokenIn(other.of('acme'))).toBeUndefined();
    expect(await tokenIn(other.of('globex'))).toBe('globex-1');
    await written(other.of('acme'), 'acme-2');
    expect(await tokenIn(one.of('acme'))).toBe('acme-2');
  });

  it('passes an invalidation to another process within 2 s when messages are lost', async () => {
    const [one, other] = [await pod(['acme']), await pod(['acme'])];
    await written(one.of('acme'), 'acme-1');
    expect(await tokenIn(other.of('acme'))).toBe('acme-1');
    await admin.acl('SETUSER', 'default', 'resetchannels');
    try {
      // The subscribers lose their connections, and Redis can announce nothing any more.
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      const since = performance.now();
      await one.invalidate('acme');
      await until('the other has dropped the tenant', () => other.invalidated.length > 0, 5_000);
      expect(performance.now() - since).toBeLessThan(2_000);
      expect(await tokenIn(other.of('acme'))).toBeUndefined();
    } finally {
      await admin.acl('SETUSER', 'default', 'allchannels');
    }
  });

  it('drops a renewal under way for an invalidated tenant, also in a process that does not know it yet', async () => {
    const [one, other] = [await pod(['acme']), await pod(['acme'])];
    const here = await one.of('acme').acquire('entry');
    await one.invalidate('acme');
    expect(await here?.write(recordOf('late'))).toBe(false);
    const next = await one.of('acme').acquire('entry');
    expect(next).toBeDefined();
    await next?.write(recordOf('acme-1'));
    await next?.release();
    const elsewhere = await other.of('acme').acquire('entry');
    await one.invalidate('acme');
    // Whether that process knows of the invalidation or not: no process reads the token that it fetched before.
    await elsewhere?.write(recordOf('late'));
    expect(await tokenIn(one.of('acme'))).toBeUndefined();
    await written(one.of('acme'), 'acme-2');
    expect(await tokenIn(other.of('acme'))).toBe('acme-2');
  });

  it('ends a wait for an entry when its tenant is invalidated', async () => {
    const one = await pod(['acme']);
    const waiting = one.of('acme').untilChanged('entry', HOUR_MS);
    await one.invalidate('acme');
    await waiting;
  });

  it('invalidates under the new and under the old encryption key during a rotation', async () => {
    const old = await pod(['acme']);
    const both = await pod(['acme'], { encryptionKeys: [NEW_KEY, KEY] });
    await written(old.of('acme'), 'by-the-old');
    expect(await tokenIn(both.of('acme'))).toBe('by-the-old');
    await written(both.of('acme'), 'by-the-new');
    await old.invalidate('acme');
    await until('the new one has dropped the tenant', () => both.invalidated.length > 0, 2_000);
    expect(await tokenIn(both.of('acme'))).toBeUndefined();
    await written(old.of('acme'), 'by-the-old-again');
    await both.invalidate('acme');
    await until('the old one has dropped the tenant', () => old.invalidated.length > 0, 2_000);
    expect(await tokenIn(old.of('acme'))).toBeUndefined();
  });

  it('does not bring back an invalidated token after Redis has lost its data, while a process remembers', async () => {
    const [one, other] = [await pod(['acme']), await pod(['acme'])];
    await written(one.of('acme'), 'acme-1');
    const [token = ''] = await admin.keys(`${keyPrefix}*:token`);
    const record = await admin.hgetall(token);
    await one.invalidate('acme');
    await until('the other has dropped the tenant', () => other.invalidated.length === 1, 2_000);
    await admin.del(...(await admin.keys(`${keyPrefix}*`)));
    await admin.hset(token, record);
    expect([await tokenIn(one.of('acme')), await tokenIn(other.of('acme'))]).toEqual([undefined, undefined]);
    await one.invalidate('acme');
    await until('the other has dropped the tenant again', () => other.invalidated.length === 2, 2_000);
  });

  it('keeps 10,000 generations, and replaces the oldest by one generation for all tenants', async () => {
    const one = await pod(['acme', 'globex']);
    await written(one.of('acme'), 'acme-1');
    await one.invalidate('globex');
    const [name = ''] = await admin.keys(`${keyPrefix}*:generations`);
    const [, begun = ''] = await admin.zrange(name, '-1', '-1', 'WITHSCORES');
    const later = Array.from({ length: 10_000 }, (_, index) => [
      Number(begun) + index + 1,
      `tenant ${index}`,
    ]);
    await admin.zadd(name, ...later.flat());
    await one.invalidate('globex');
    expect(await admin.zcard(name)).toBeLessThanOrEqual(10_001);
    expect(Number(await admin.zscore(name, '*'))).toBeGreaterThan(Number(begun));
    const other = await pod(['acme', 'globex']);
    expect(await tokenIn(other.of('acme'))).toBeUndefined();
    await written(other.of('acme'), 'acme-2');
    expect(await tokenIn(one.of('acme'))).toBe('acme-2');
  });

  it.each<[string, (name: string) => Promise<unknown>]>([
    ['a value of another type', (name) => admin.set(name, 'garbage')],
    ['a generation of the far future', (name) => admin.zadd(name, '1e300', 'x')],
    ['an infinite generation', (name) => admin.zadd(name, '+inf', 'x')],
    ['a negative generation', (name) => admin.zadd(name, '-1', 'x')],
    ['a member that is too long', (name) => admin.zadd(name, String(Date.now() * 1_000), 'x'.repeat(1_000))],
  ])('still stores and invalidates tokens when its generations hold %s', async (_what, poison) => {
    const one = await pod(['acme']);
    await written(one.of('acme'), 'acme-1');
    await one.invalidate('acme');
    const [name = ''] = await admin.keys(`${keyPrefix}*:generations`);
    await admin.del(name);
    await poison(name);
    await written(one.of('acme'), 'acme-2');
    const other = await pod(['acme']);
    expect(await tokenIn(other.of('acme'))).toBe('acme-2');
    await other.invalidate('acme');
    await until('the first has dropped the tenant', () => one.invalidated.length > 0, 2_000);
    expect(await tokenIn(one.of('acme'))).toBeUndefined();
    const farAheadUs = (Date.now() + 2 * 24 * HOUR_MS) * 1_000;
    expect([await admin.zcount(name, farAheadUs, '+inf'), await admin.zcount(name, '-inf', 0)]).toEqual([
      0, 0,
    ]);
  });

  it('keeps the entries of two registrations apart, and the limits of two vendor origins', async () => {
    const shared = await ready({ keyPrefix });
    const { store } = new Pod(shared, []);
    const [first, second] = ['first', 'second'].map((name) => new Pod(shared, ['acme'], name));
    if (first === undefined || second === undefined) throw new Error('There are two');
    await written(first.of('acme'), 'first', '["first"]');
    await written(second.of('acme'), 'second', '["second"]');
    await first.invalidate('acme');
    expect(await tokenIn(first.of('acme'), '["first"]')).toBeUndefined();
    expect(await tokenIn(second.of('acme'), '["second"]')).toBe('second');

    const limits = ['https://a.example', 'https://b.example'].map((origin) => store.callLimitsOf?.(origin));
    const waitMs = async (index: number) => (await limits[index]?.take('urgent', 100))?.waitMs;
    for (let call = 0; call < 10; call += 1) expect(await waitMs(0)).toBe(0);
    expect(await waitMs(0)).toBeGreaterThan(0);
    await limits[0]?.beginPause(60_000);
    expect((await limits[0]?.take('urgent', 100))?.pausedForMs).toBeGreaterThan(0);
    expect(await limits[1]?.take('urgent', 100)).toEqual({ pausedForMs: 0, waitMs: 0, isProbe: false });
  });
});
