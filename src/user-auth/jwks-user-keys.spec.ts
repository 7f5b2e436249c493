import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import type { NudgeAuthError } from '../common/errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { JwksUserKeys } from './jwks-user-keys.js';

const MINUTE_MS = 60_000;

const pairs = Array.from({ length: 3 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 }));

function pemOf(index: number): string {
  return pairs[index]?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '';
}

function jwtBy(kid: string | undefined, alg = 'RS256'): Promise<string> {
  const key = alg === 'RS256' ? pairs[0]?.privateKey : Buffer.from('obviously-fake-secret-0123456789');
  return new SignJWT({}).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

/** An issuer whose answers a test decides, in place of jwks-rsa. */
class Issuer {
  asked = 0;
  published: { kid?: string; pem: string; alg?: string }[] = [];
  failure: Error | undefined;
  #held: { release: () => void } | undefined;

  async getSigningKeys(): Promise<never> {
    this.asked += 1;
    if (this.#held !== undefined) await new Promise<void>((release) => (this.#held = { release }));
    if (this.failure !== undefined) throw this.failure;
    return this.published.map(({ pem, ...named }) => ({ ...named, getPublicKey: () => pem })) as never;
  }

  hold(): void {
    this.#held = { release: () => undefined };
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}

function setUpWith(issuer: Issuer): { issuer: Issuer; clock: ManualClock; keys: JwksUserKeys } {
  const clock = new ManualClock();
  return { issuer, clock, keys: new JwksUserKeys(issuer, ['RS256'], clock) };
}

function setUp(...kids: string[]): ReturnType<typeof setUpWith> {
  const issuer = new Issuer();
  issuer.published = kids.map((kid, index) => ({ kid, pem: pemOf(index) }));
  return setUpWith(issuer);
}

async function outcome(keys: JwksUserKeys, kid: string | undefined): Promise<number | string> {
  const jwt = await jwtBy(kid);
  return Promise.resolve(keys.keysFor(jwt)).then(
    (found) => found.length,
    (error: NudgeAuthError) => error.code,
  );
}

describe('the keys an issuer publishes', () => {
  it('are fetched once, made once, and stay the same objects when they are published again', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [first] = await keys.keysFor(await jwtBy('a'));
    expect(await outcome(keys, 'b')).toBe(1);
    expect(issuer.asked).toBe(1);
    clock.advance(11 * MINUTE_MS);
    expect(await keys.keysFor(await jwtBy('a'))).toEqual([first]);
    expect((await keys.keysFor(await jwtBy('a')))[0]).toBe(first);
    expect(issuer.asked).toBe(2);
  });

  it('are looked up without a kid only where there is but one', async () => {
    expect(await outcome(setUp('a').keys, undefined)).toBe(1);
    expect(await outcome(setUp('a', 'b').keys, undefined)).toBe(0);
  });

  it('are used with the algorithm that they are published for, and tried once however often they are published', async () => {
    const { issuer, keys } = setUp();
    const pem = pemOf(0);
    issuer.published = [
      { kid: 'a', pem, alg: 'RS256' },
      { kid: 'a', pem, alg: 'RS256' },
      { kid: 'a', pem },
      { kid: 'a', pem: pemOf(1), alg: 'PS256' },
    ];
    expect(await outcome(keys, 'a')).toBe(1);
    issuer.published = [{ kid: 'a', pem, alg: 'PS256' }];
    expect(await outcome(setUpWith(issuer).keys, 'a')).toBe(0);
    expect(await outcome(setUpWith(issuer).keys, undefined)).toBe(0);
  });

  it('are not asked for what no key could make good', async () => {
    const { issuer, keys } = setUp('a');
    expect(await keys.keysFor('no.jwt.atall')).toEqual([]);
    expect(await keys.keysFor(await jwtBy('a', 'HS256'))).toEqual([]);
    expect(issuer.asked).toBe(0);
  });

  it('are renewed behind the users’ backs, so that a withdrawn one is noticed', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [withdrawn] = await keys.keysFor(await jwtBy('a'));
    issuer.published = issuer.published.slice(1);
    clock.advance(5 * MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe(1);
    await clock.advanceAsync(0);
    expect(keys.trusts(withdrawn, clock.now())).toBe(false);
    expect(await outcome(keys, 'a')).toBe(0);
    expect(issuer.asked).toBe(2);
  });

  it('are trusted for ten minutes at most without being looked at again', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    const [withdrawn] = await keys.keysFor(await jwtBy('a'));
    issuer.published = issuer.published.slice(1);
    clock.advance(10 * MINUTE_MS - 1);
    expect(keys.trusts(withdrawn, clock.now())).toBe(true);
    clock.advance(1);
    expect(keys.trusts(withdrawn, clock.now())).toBe(false);
    expect(await outcome(keys, 'a')).toBe(0);
  });
});

describe('an issuer that cannot be reached', () => {
  it('is bridged by the last good keys for an hour; then nobody is at fault but us', async () => {
    const { issuer, clock, keys } = setUp('a');
    const [key] = await keys.keysFor(await jwtBy('a'));
    issuer.failure = new Error('429 Too Many Requests');
    for (let minute = 0; minute < 59; minute += 1) {
      clock.advance(MINUTE_MS);
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

  it('is not known to have no new key: an unknown kid is not the user’s fault', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    issuer.failure = new Error('down');
    clock.advance(MINUTE_MS);
    expect(await outcome(keys, 'new')).toBe('USER_KEYS_UNAVAILABLE');
    expect(await outcome(keys, 'a')).toBe(1);
  });

  it('hangs, and nobody whose key is known waits for it while users come', async () => {
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
    expect(issuer.asked).toBeGreaterThan(50);
  });

  it('is waited for by the first who comes after a silence, so that a withdrawn key is not used', async () => {
    const { issuer, clock, keys } = setUp('a', 'b');
    await outcome(keys, 'a');
    issuer.failure = new Error('down');
    clock.advance(9 * MINUTE_MS);
    await outcome(keys, 'a');
    issuer.failure = undefined;
    issuer.published = issuer.published.slice(1);
    clock.advance(40 * MINUTE_MS);
    expect(await outcome(keys, 'a')).toBe(0);
  });

  it('is asked less and less while there is not one key', async () => {
    const { issuer, clock, keys } = setUp('a');
    issuer.failure = new Error('down');
    for (let second = 0; second < 300; second += 1) {
      expect(await outcome(keys, 'a')).toBe('USER_KEYS_UNAVAILABLE');
      clock.advance(1000);
    }
    // At once, once more, then after 1, 2, 4, 8, 16 and every 30 seconds.
    expect(issuer.asked).toBeLessThanOrEqual(7 + 300 / 30);
    issuer.failure = undefined;
    clock.advance(30_000);
    expect(await outcome(keys, 'a')).toBe(1);
  });
});

describe('unknown kids', () => {
  it('cause one fetch in 30 s, however many they are', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(30_000);
    const jwt = await jwtBy('a');
    const [, claims = '', signature = ''] = jwt.split('.');
    const random = Array.from({ length: 10_000 }, (_, index) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `random-${index}` })).toString(
        'base64url',
      );
      return `${header}.${claims}.${signature}`;
    });
    const found = await Promise.all(random.map((one) => keys.keysFor(one)));
    expect(found.flat()).toEqual([]);
    expect(issuer.asked).toBe(2);
    clock.advance(29_999);
    expect(await outcome(keys, 'random-again')).toBe(0);
    expect(issuer.asked).toBe(2);
    clock.advance(1);
    issuer.published.push({ kid: 'new', pem: pemOf(1) });
    expect(await outcome(keys, 'new')).toBe(1);
    expect(issuer.asked).toBe(3);
  });

  it('never delay the known ones', async () => {
    const { issuer, clock, keys } = setUp('a');
    await outcome(keys, 'a');
    clock.advance(30_000);
    issuer.hold();
    const waiting = outcome(keys, 'unknown');
    while (issuer.asked < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await outcome(keys, 'a')).toBe(1);
    issuer.release();
    expect(await waiting).toBe(0);
  });
});
