import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { generateKeyPairSync } from 'node:crypto';
import { headerWith, Issuer, jwkOf, outcome, setUp, setUpWith } from '../../test/support/jwks-issuer.js';
import { MINUTE_MS } from '../common/durations.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { JwksUserKeys } from './jwks-user-keys.js';

describe('the keys that an issuer publishes', () => {
  it('are fetched once, and stay the same objects when they are published again', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [first] = await keys.keysFor(headerWith('a'));
    expect(await outcome(keys, 'b')).toBe(1);
    expect(issuer.fetches).toBe(1);
    clock.advance(11 * MINUTE_MS);
    expect(await keys.keysFor(headerWith('a'))).toEqual([first]);
    expect((await keys.keysFor(headerWith('a')))[0]).toBe(first);
    expect(issuer.fetches).toBe(2);
  });

  it('serve a JWT without a kid only if there is exactly one key', async () => {
    expect(await outcome(setUp('a').keys, undefined)).toBe(1);
    expect(await outcome(setUp('a', 'b').keys, undefined)).toBe(0);
  });

  it('are used only with their published algorithm, and tried once even if they are published twice', async () => {
    const { issuer, keys } = setUp();
    issuer.published = [
      jwkOf(0, { kid: 'a', alg: 'RS256' }),
      jwkOf(0, { kid: 'a', alg: 'RS256' }),
      jwkOf(0, { kid: 'a' }),
      jwkOf(1, { kid: 'a', alg: 'PS256' }),
    ];
    expect(await outcome(keys, 'a')).toBe(1);
    issuer.published = [jwkOf(0, { kid: 'a', alg: 'PS256' }), jwkOf(1, { kid: 'b' })];
    expect(await outcome(setUpWith(issuer).keys, 'a')).toBe(0);
    expect(await outcome(setUpWith(issuer).keys, undefined)).toBe(1);
  });

  it('are tried up to the eighth key with the same kid', async () => {
    const { issuer, keys } = setUp();
    issuer.published = Array.from({ length: 20 }, () => ({
      ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
      kid: 'a',
    }));
    const own = new JwksUserKeys({
      url: 'https://id.example/keys',
      clock: new ManualClock(),
      events: new NudgeAuthEvents(),
      fetchJwks: issuer.fetchJwks,
      algorithms: ['ES256'],
    });
    expect(await own.keysFor({ alg: 'ES256', kid: 'a' })).toHaveLength(8);
    expect(await outcome(keys, 'a')).toBe('USER_KEYS_UNAVAILABLE');
  });

  it('are renewed in the background, so that a withdrawn key is noticed', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [withdrawn] = await keys.keysFor(headerWith('a'));
    issuer.published = issuer.published.slice(1);
    clock.advance(5 * MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe(1);
    await clock.advanceAsync(0);
    expect(keys.trusts(withdrawn, clock.now())).toBe(false);
    expect(await outcome(keys, 'a')).toBe(0);
    expect(issuer.fetches).toBe(2);
  });

  it('are trusted for at most ten minutes without a new fetch', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [withdrawn] = await keys.keysFor(headerWith('a'));
    issuer.published = issuer.published.slice(1);
    clock.advance(10 * MINUTE_MS - 1);
    expect(keys.trusts(withdrawn, clock.now())).toBe(true);
    clock.advance(1);
    expect(keys.trusts(withdrawn, clock.now())).toBe(false);
    expect(await outcome(keys, 'a')).toBe(0);
  });
});

describe('unknown kids', () => {
  it('cause one fetch 5 s after the last one and then one every 30 s, even if there are many', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    const fetchedAtS: number[] = [];
    for (let second = 1; second <= 100; second += 1) {
      clock.advance(1_000);
      const before = issuer.fetches;
      // oxlint-disable-next-line no-await-in-loop -- the order is what is tested
      await Promise.all(Array.from({ length: 200 }, (_, index) => outcome(keys, `${second}-${index}`)));
      if (issuer.fetches > before) fetchedAtS.push(second);
    }
    expect(fetchedAtS).toEqual([5, 35, 65, 95]);
  });

  it('are refused after a fetch that began later and brought no such key', async () => {
    const { clock, keys } = setUp('a');
    expect(await outcome(keys, 'first')).toBe(0);
    expect(await outcome(keys, 'second')).toBe('USER_KEYS_UNAVAILABLE');
    clock.advance(5_000);
    expect(await outcome(keys, 'third')).toBe(0);
    expect([await outcome(keys, 'first'), await outcome(keys, 'second')]).toEqual([0, 0]);
  });

  it('are not refused after a fetch that was under way when they were first seen', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(30_000);
    issuer.hold();
    const [first, second] = [outcome(keys, 'first'), outcome(keys, 'second')];
    await clock.advanceAsync(0);
    issuer.release();
    expect([await first, await second]).toEqual([0, 'USER_KEYS_UNAVAILABLE']);
    expect(issuer.fetches).toBe(2);
  });

  it('get the time of the next fetch as retryAfterMs', async () => {
    const { clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(2_000);
    await expect(keys.keysFor(headerWith('new'))).rejects.toMatchObject({
      code: 'USER_KEYS_UNAVAILABLE',
      retryAfterMs: 3_000,
    });
    clock.advance(3_000);
    await outcome(keys, 'new');
    clock.advance(1_000);
    await expect(keys.keysFor(headerWith('newer'))).rejects.toMatchObject({ retryAfterMs: 29_000 });
  });

  it('that are invented do not cause the users of a new key to be refused', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(5_000);
    expect(await outcome(keys, 'invented')).toBe(0);
    issuer.published.push(jwkOf(1, { kid: 'new' }));
    expect(await outcome(keys, 'new')).toBe('USER_KEYS_UNAVAILABLE');
    clock.advance(30_000);
    expect(await outcome(keys, 'new')).toBe(1);
  });

  it('that 1,000 others have pushed out of the cache count as seen for the first time', async () => {
    const { clock, keys } = setUp('a');
    expect(await outcome(keys, 'forgotten')).toBe(0);
    expect(await outcome(keys, 'forgotten')).toBe(0);
    for (let index = 0; index < 1_000; index += 1) await outcome(keys, `other-${index}`);
    expect(await outcome(keys, 'forgotten')).toBe('USER_KEYS_UNAVAILABLE');
    clock.advance(5_000);
    expect(await outcome(keys, 'forgotten')).toBe(0);
  });

  it('never delay users with a known kid', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(30_000);
    issuer.hold();
    const waiting = outcome(keys, 'unknown');
    while (issuer.fetches < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await outcome(keys, 'a')).toBe(1);
    issuer.release();
    expect(await waiting).toBe(0);
  });
});

describe('a fetch', () => {
  it('does not run in the async context of the user who caused it', async () => {
    const user = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const issuer = new Issuer();
    issuer.published = [jwkOf(0, { kid: 'a' })];
    const { keys } = setUpWith(
      Object.assign(Object.create(issuer) as Issuer, {
        fetchJwks: () => {
          seen.push(user.getStore());
          return issuer.fetchJwks();
        },
      }),
    );
    await user.run('ada', async () => {
      expect(await outcome(keys, 'a')).toBe(1);
      expect(user.getStore()).toBe('ada');
    });
    expect(seen).toEqual([undefined]);
  });
});
