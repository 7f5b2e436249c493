import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { until } from './support/until.js';

const HUGE = 'x'.repeat(8 * 1024 * 1024);
const HUGE_NUMBER = '1'.repeat(HUGE.length);
/** More than all answers that the store gets in a test. */
const MOST_BYTES = 64 * 1024;
const RECORD = { token: 'a-token', remainingMs: 60_000, ageMs: 0, keyFingerprint: '0a1b2c3d' };
const ORIGIN = 'https://nudge.example';
const PAUSE = `nudge-auth:v1:{calls:${ORIGIN}}:pause`;
const BUDGET = `nudge-auth:v1:{calls:${ORIGIN}}:all`;

describeRedis('a value in Redis that is too long to come from the store', () => {
  let server: RedisServer;
  let admin: Redis;
  let store: RedisTokenStore;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
  });

  beforeEach(async () => {
    await admin.flushall();
    store = new RedisTokenStore({ url: server.url, encryptionKeys: [fakeEncryptionKey()], timeoutMs: 1_000 });
    await store.whenReady();
    const holder = await store.acquire('entry');
    expect(await holder?.write(RECORD)).toBe(true);
    await holder?.release();
  });

  afterEach(() => store.close());

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const name = async (what: string): Promise<string> =>
    (await admin.keys('*:token')).map((token) => token.replace(/token$/, what)).join('');

  async function bytesSent(): Promise<number> {
    const [, bytes] = /total_net_output_bytes:(\d+)/.exec(await admin.info('stats')) ?? [];
    return Number(bytes);
  }

  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['the sealed record', async () => admin.hset(await name('token'), 'sealed', HUGE)],
    ['the record’s fence', async () => admin.hset(await name('token'), 'fence', HUGE_NUMBER)],
    ['an unknown field', async () => admin.hset(await name('token'), 'other', HUGE)],
    ['the lease', async () => admin.set(await name('lease'), `another ${HUGE_NUMBER}`, 'PX', 1_900)],
    ['the last fence', async () => admin.hset(await name('order'), 'given', HUGE_NUMBER)],
    ['the least fence', async () => admin.hset(await name('order'), 'least', HUGE_NUMBER)],
    ['the budget', async () => admin.set(BUDGET, HUGE_NUMBER, 'PX', 5_000)],
    ['the end of a pause', async () => admin.hset(PAUSE, 'until', HUGE_NUMBER)],
    ['the probe of a pause', async () => admin.hset(PAUSE, 'until', '1', 'probe', HUGE_NUMBER)],
  ];

  it.each(cases)('does not reach a process and counts as a miss: %s', async (what, put) => {
    await put();
    const before = await bytesSent();
    const read = await store.read('entry');
    const isOfTheRecord = what === 'the sealed record' || what === 'the record’s fence';
    expect(read?.token).toBe(isOfTheRecord ? undefined : 'a-token');
    const lease = await store.acquire('entry');
    expect(await lease?.write({ ...RECORD, token: 'a-newer-token' })).toBe(true);
    await lease?.release();
    expect((await store.read('entry'))?.token).toBe('a-newer-token');
    const admission = await store.callLimitsOf(ORIGIN).take('rotation', 1_000);
    expect(admission).toMatchObject({ pausedForMs: 0, waitMs: 0 });
    await store.callLimitsOf(ORIGIN).beginPause(1);
    await store.callLimitsOf(ORIGIN).giveBackProbe();
    await store.callLimitsOf(ORIGIN).look();
    await store.callLimitsOf(ORIGIN).endPause();
    await store.invalidate('entry');
    expect((await bytesSent()) - before).toBeLessThan(MOST_BYTES);
  });

  it('ends the connection of the subscriber when it is a message, and a new connection gets the changes', async () => {
    const subscriber = async (): Promise<string | undefined> =>
      / id=(\d+)|^id=(\d+)/m.exec(String(await admin.client('LIST', 'TYPE', 'PUBSUB')))?.[0];
    const listens = async (): Promise<boolean> =>
      Number((await admin.pubsub('NUMSUB', 'nudge-auth:v1:changes'))[1]) > 0;
    await until('the store has subscribed', listens);
    const first = await subscriber();
    await admin.publish('nudge-auth:v1:changes', HUGE);
    await until(
      'another connection has subscribed',
      async () => (await listens()) && (await subscriber()) !== first,
    );
    let hasChanged = false;
    void store.untilChanged('entry', 60_000).then(() => (hasChanged = true));
    await until('the store gets the change', async () => {
      await store.invalidate('entry');
      return hasChanged;
    });
  });

  it('is not a record with the longest token that Nudge may return', async () => {
    const token = 'x'.repeat(64 * 1024);
    const lease = await store.acquire('entry');
    expect(await lease?.write({ ...RECORD, token })).toBe(true);
    expect((await store.read('entry'))?.token).toBe(token);
  });
});
