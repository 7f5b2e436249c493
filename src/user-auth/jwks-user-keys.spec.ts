import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { generateKeyPairSync } from 'node:crypto';
import type { NudgeAuthError } from '../common/errors.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { JwksAnswer } from './jwks-fetch.js';
import { JwksUserKeys } from './jwks-user-keys.js';
import type { UserJwtHeader } from './user-keys.js';

const MINUTE_MS = 60_000;

const jwks = Array.from({ length: 3 }, () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
);

function jwkOf(index: number, named: object = {}): object {
  return { ...jwks[index], ...named };
}

function headerWith(kid: string | undefined): UserJwtHeader {
  return { alg: 'RS256', kid };
}

/** An issuer that answers as the test says. */
class Issuer {
  fetches = 0;
  published: unknown[] = [];
  failure: Error | undefined;
  #held: { release: () => void } | undefined;

  readonly fetchJwks = async (): Promise<JwksAnswer> => {
    this.fetches += 1;
    if (this.#held !== undefined) await new Promise<void>((release) => (this.#held = { release }));
    if (this.failure !== undefined) throw this.failure;
    return { status: 200, body: JSON.stringify({ keys: this.published }) };
  };

  hold(): void {
    this.#held = { release: () => undefined };
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}

interface SetUp {
  readonly issuer: Issuer;
  readonly clock: ManualClock;
  readonly keys: JwksUserKeys;
  readonly told: NudgeAuthEvent[];
}

const keysSettings = {
  url: 'https://id.example/keys',
  clock: new ManualClock(),
  events: new NudgeAuthEvents(),
};

function setUpWith(issuer: Issuer): SetUp {
  const clock = new ManualClock();
  const events = new NudgeAuthEvents();
  const told: NudgeAuthEvent[] = [];
  events.subscribe((event) => told.push(event));
  const url = 'https://id.example/keys';
  const { fetchJwks } = issuer;
  return {
    issuer,
    clock,
    told,
    keys: new JwksUserKeys({ url, fetchJwks, algorithms: ['RS256'], clock, events }),
  };
}

function setUp(...kids: string[]): SetUp {
  const issuer = new Issuer();
  issuer.published = kids.map((kid, index) => jwkOf(index, { kid }));
  return setUpWith(issuer);
}

/** How many keys there are for a kid, or the error code. */
function outcome(keys: JwksUserKeys, kid: string | undefined): Promise<number | string> {
  return keys.keysFor(headerWith(kid)).then(
    (found) => found.length,
    (error: NudgeAuthError) => error.code,
  );
}

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
    const own = new JwksUserKeys({ ...keysSettings, fetchJwks: issuer.fetchJwks, algorithms: ['ES256'] });
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

describe('while an issuer cannot be reached', () => {
  it('the last good keys are used for an hour; then requests fail with USER_KEYS_UNAVAILABLE', async () => {
    const { issuer, clock, keys } = setUp('a');
    const [key] = await keys.keysFor(headerWith('a'));
    issuer.failure = new Error('429 Too Many Requests');
    for (let minute = 0; minute < 59; minute += 1) {
      await clock.advanceAsync(MINUTE_MS);
      expect(await outcome(keys, 'a')).toBe(1);
      expect(keys.trusts(key, clock.now())).toBe(true);
    }
    clock.advance(MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe('USER_KEYS_UNAVAILABLE');
    expect(keys.trusts(key, clock.now())).toBe(false);
    issuer.failure = undefined;
    clock.advance(MINUTE_MS / 2);
    expect(await outcome(keys, 'a')).toBe(1);
  });

  it('an unknown kid is not refused, because the issuer may have published a new key', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    issuer.failure = new Error('down');
    clock.advance(MINUTE_MS);
    expect(await outcome(keys, 'new')).toBe('USER_KEYS_UNAVAILABLE');
    expect(await outcome(keys, 'a')).toBe(1);
  });

  it('no user with a known key waits, even if the issuer hangs', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    issuer.failure = new Error('the answer did not come');
    for (let minute = 0; minute < 59; minute += 1) {
      clock.advance(MINUTE_MS - 1);
      issuer.hold();
      expect(await outcome(keys, 'a')).toBe(1);
      issuer.release();
      await clock.advanceAsync(0);
    }
    expect(issuer.fetches).toBeGreaterThan(50);
  });

  it('the first user after a long pause waits for a fetch, so that a withdrawn key is not used', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    await outcome(keys, 'a');
    issuer.failure = new Error('down');
    clock.advance(9 * MINUTE_MS);
    await outcome(keys, 'a');
    await clock.advanceAsync(0);
    issuer.failure = undefined;
    issuer.published = issuer.published.slice(1);
    clock.advance(40 * MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe(0);
  });

  it('fetches become rarer as long as there is no key', async () => {
    const { issuer, clock, keys } = setUp('a');
    issuer.failure = new Error('down');
    for (let second = 0; second < 300; second += 1) {
      expect(await outcome(keys, 'a')).toBe('USER_KEYS_UNAVAILABLE');
      clock.advance(1000);
    }
    // Two fetches at once, then after 1, 2, 4, 8 and 16 seconds, then every 30 seconds.
    expect(issuer.fetches).toBeLessThanOrEqual(7 + 300 / 30);
    issuer.failure = undefined;
    clock.advance(30_000);
    expect(await outcome(keys, 'a')).toBe(1);
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

describe('a failure to fetch the keys', () => {
  it('is reported when it begins and when it ends, and is the cause of the error', async () => {
    const { issuer, clock, keys, told } = setUp('a');
    issuer.failure = Object.assign(new Error('connect to secret-host'), { code: 'ECONNREFUSED' });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      clock.advance(MINUTE_MS);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(keys.keysFor(headerWith('a'))).rejects.toMatchObject({
        cause: { name: 'JwksError', message: 'unreachable: ECONNREFUSED' },
      });
    }
    const lost = { type: 'user-keys-lost', reason: 'unreachable', detail: 'ECONNREFUSED' };
    expect(told).toEqual([{ ...lost, url: 'https://id.example/keys' }]);
    issuer.failure = undefined;
    clock.advance(MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe(1);
    expect(told.slice(1)).toEqual([{ type: 'user-keys-back' }]);
  });

  it('is also a set without a usable key', async () => {
    const { issuer, keys, told } = setUp();
    issuer.published = [{ kty: 'oct', k: 'AAAA', kid: 'a' }];
    expect(await outcome(keys, 'a')).toBe('USER_KEYS_UNAVAILABLE');
    expect(told).toMatchObject([{ type: 'user-keys-lost', reason: 'no-usable-key' }]);
  });

  it('is also an issuer that does not answer within 3 s', async () => {
    const { clock, told } = setUp();
    const events = new NudgeAuthEvents();
    events.subscribe((event) => told.push(event));
    const keys = new JwksUserKeys({
      url: 'https://id.example/keys',
      algorithms: ['RS256'],
      clock,
      events,
      fetchJwks: (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const waiting = outcome(keys, 'a');
    await clock.advanceAsync(2_999);
    expect(told).toEqual([]);
    await clock.advanceAsync(1);
    expect(await waiting).toBe('USER_KEYS_UNAVAILABLE');
    expect(told).toMatchObject([{ type: 'user-keys-lost', reason: 'timeout' }]);
    expect(clock.pendingMs).toEqual([]);
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
