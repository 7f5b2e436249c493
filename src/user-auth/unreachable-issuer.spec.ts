import { describe, expect, it } from '@jest/globals';
import { headerWith, outcome, setUp } from '../../test/support/jwks-issuer.js';
import { MINUTE_MS } from '../common/durations.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { JwksUserKeys } from './jwks-user-keys.js';

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
