import { expect, it } from '@jest/globals';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock, type Clock } from '../../src/common/clock.js';
import { TokenLife } from '../support/token-life.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { fakeEncryptionKey } from '../redis/support/fake-encryption-key.js';
import { RedisSentinel } from '../redis/support/redis-sentinel.js';
import { until } from '../redis/support/until.js';

describeRedis('a master that a sentinel watches', () => {
  it('dies, and the fleet goes on with the one that takes its place', async () => {
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
      // Whoever is not back yet finds out that the store is lost, and is served without it.
      const outcomes = await Promise.all(lives.map((life) => life.ask({ forceRefresh: true })));
      expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined]);
      await until('both have their store', () =>
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
