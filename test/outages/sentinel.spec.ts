import { expect, it } from '@jest/globals';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock, type Clock } from '../../src/common/clock.js';
import { TokenLife } from '../support/token-life.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { fakeEncryptionKey } from '../redis/support/fake-encryption-key.js';
import { RedisSentinel } from '../redis/support/redis-sentinel.js';
import { until } from '../redis/support/until.js';

describeRedis('a fleet whose Redis has a sentinel', () => {
  it('goes on with the new master after the old one has died', async () => {
    const sentinel = await RedisSentinel.start();
    const ends: (() => Promise<void>)[] = [() => sentinel[Symbol.asyncDispose]()];
    const start = async (vendorName: string): Promise<TokenLife<Clock>> => {
      const encryptionKeys = [fakeEncryptionKey()];
      const store = new RedisTokenStore({ client: sentinel.client(), encryptionKeys, timeoutMs: 300 });
      const life = TokenLife.on(systemClock, { store, budget: 'of-the-process', vendorName });
      ends.push(
        () => store.close(),
        () => life.cache.close(),
      );
      await store.whenReady();
      return life;
    };
    try {
      const lives = [await start('one'), await start('other')] as const;
      const [one, other] = lives;
      const first = await one.ask();
      expect(first.error).toBeUndefined();
      expect((await other.ask()).token).toBe(first.token);

      await sentinel.failOver();
      // A process that is not connected to the new master yet loses the store and serves its caller without it.
      const outcomes = await Promise.all(lives.map((life) => life.ask({ forceRefresh: true })));
      expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined]);
      await until('both processes can use the store', () =>
        lives.every(({ service }) => service.status().storeAvailable),
      );
      const renewed = await one.ask({ forceRefresh: true });
      expect(renewed.error).toBeUndefined();
      const next = await start('new');
      expect(await next.ask()).toMatchObject({ token: renewed.token, error: undefined });
      expect(next.calls).toEqual([]);
    } finally {
      for (const end of ends.toReversed()) await end();
    }
  }, 90_000);
});
