import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { ManualClock } from '../testing/manual-clock.js';
import { elapsedMs, systemClock } from './clock.js';
import { Deadline } from './deadline.js';
import { errorKindOf, systemErrorCodeOf } from './error-kind.js';
import { isNudgeAuthError, NudgeAuthError } from './errors.js';
import { isLoopbackHost } from './loopback.js';
import { InvalidNudgeAuthOptionsError } from './options-error.js';
import { fingerprintOf, Secret } from './secret.js';
import { algorithmsFor, publicKeyObject, secretKeyObject } from './verification-keys.js';

describe('elapsedMs', () => {
  it.each([
    { is: 'both clocks go', wallMs: 5, monotonicMs: 5, elapsed: 5 },
    { is: 'the wall clock is set back', wallMs: -3_600_000, monotonicMs: 5, elapsed: 5 },
    { is: 'the machine was suspended', wallMs: 3_600_000, monotonicMs: 5, elapsed: 3_600_000 },
  ])('is the larger of two differences when $is', ({ wallMs, monotonicMs, elapsed }) => {
    expect(
      elapsedMs({ wallMs: 100, monotonicMs: 7 }, { wallMs: 100 + wallMs, monotonicMs: 7 + monotonicMs }),
    ).toBe(elapsed);
  });
});

describe('systemClock', () => {
  let presentMs = Date.UTC(2031, 0, 1);

  beforeEach(() => {
    // Each test starts an hour later: the clock must not return the moment that it kept from the test before.
    jest.useFakeTimers({ now: (presentMs += 3_600_000) });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('returns the same moment within a millisecond, and reads both clocks again after that', () => {
    const moment = systemClock.now();
    expect(systemClock.now()).toBe(moment);
    jest.advanceTimersByTime(1);
    expect(systemClock.now()).not.toBe(moment);
  });

  it('reads the monotonic clock again after some calls while the wall clock stands still', () => {
    const { wallMs, monotonicMs } = systemClock.now();
    jest.advanceTimersByTime(60_000);
    jest.setSystemTime(wallMs);
    const readings = Array.from({ length: 33 }, () => systemClock.now());
    expect(readings.at(-1)).toEqual({ wallMs, monotonicMs: monotonicMs + 60_000 });
  });

  it('reads both clocks', () => {
    const before = systemClock.now();
    jest.advanceTimersByTime(1500);
    expect(systemClock.now()).toEqual({
      wallMs: before.wallMs + 1500,
      monotonicMs: before.monotonicMs + 1500,
    });
  });

  it('runs a callback once, at its time, unless it was cancelled', () => {
    const ran: string[] = [];
    systemClock.schedule(1000, () => ran.push('kept'));
    const cancel = systemClock.schedule(1000, () => ran.push('cancelled'));
    cancel();
    cancel();
    jest.advanceTimersByTime(999);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(100_000);
    expect(ran).toEqual(['kept']);
  });

  it('runs a callback after a delay that is too long for one timer of Node, unless it was cancelled', () => {
    const ran: string[] = [];
    const days = 30 * 86_400_000;
    systemClock.schedule(days, () => ran.push('kept'));
    const cancel = systemClock.schedule(days, () => ran.push('cancelled'));
    jest.advanceTimersByTime(days - 1);
    expect(ran).toEqual([]);
    cancel();
    jest.advanceTimersByTime(1);
    expect(ran).toEqual(['kept']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets the process exit while a background timer is pending', () => {
    jest.useRealTimers();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const cancels = [systemClock.schedule(60_000, () => {}, { background: true })];
    expect(timers()).toBe(before);
    cancels.push(systemClock.schedule(60_000, () => {}));
    expect(timers()).toBe(before + 1);
    for (const cancel of cancels) cancel();
    expect(timers()).toBe(before);
  });
});

describe('Deadline', () => {
  it('counts down to 0 and not below, also when the wall clock steps', () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1000);
    clock.advance(400);
    clock.stepWall(3_600_000);
    expect(deadline.remainingMs()).toBe(600);
    clock.advance(5000);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('gives work the remaining time, and leaves no timer when the work ends in time', async () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1000);
    const late = (): Error => new Error('late');
    await expect(deadline.race(Promise.resolve('done'), late)).resolves.toBe('done');
    await expect(deadline.race(Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
    expect(clock.pendingMs).toEqual([]);

    const outcome = expect(deadline.race(new Promise(() => {}), late)).rejects.toThrow('late');
    expect(clock.pendingMs).toEqual([1000]);
    clock.advance(1000);
    await outcome;
  });
});

describe('Secret', () => {
  it('shows its value only through reveal()', () => {
    const secret = new Secret('obviously-fake');
    const printed = [
      String(secret),
      secret.toString(),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: null, showHidden: true }),
      inspect(secret, { customInspect: false, showHidden: true }),
      Object.values(secret).join(),
    ].join();
    expect(printed).not.toContain('obviously-fake');
    expect(printed.match(/\[redacted\]/g)).toHaveLength(4);
    expect(secret.reveal()).toBe('obviously-fake');
  });

  it('has the beginning of its digest as fingerprint', () => {
    expect(new Secret('obviously-fake').fingerprint).toBe(fingerprintOf('obviously-fake'));
    expect(fingerprintOf('obviously-fake')).toMatch(/^[\da-f]{8}$/);
    expect(fingerprintOf('obviously-fake')).not.toBe(fingerprintOf('obviously-fake2'));
  });
});

describe('errors', () => {
  it('are retryable when a later attempt can succeed', () => {
    const retryable = (code: NudgeAuthError['code']): boolean => new NudgeAuthError(code, 'x').retryable;
    expect(
      retryable('NUDGE_UNAVAILABLE') && retryable('NUDGE_RATE_LIMITED') && retryable('NUDGE_TIMEOUT'),
    ).toBe(true);
    expect(retryable('NUDGE_CREDENTIALS_REJECTED') || retryable('NUDGE_INVALID_REQUEST')).toBe(false);
  });

  it('are recognised, also from a second loaded copy, and other values are not', () => {
    class Copy extends Error {
      constructor(readonly code: string) {
        super('of another copy');
        Object.defineProperty(this, Symbol.for('nestjs-nudge-auth.NudgeAuthError'), { value: true });
      }
    }
    class Own extends NudgeAuthError {}
    expect(isNudgeAuthError(new NudgeAuthError('NUDGE_TIMEOUT', 'x'))).toBe(true);
    expect(new Copy('NUDGE_TIMEOUT')).toBeInstanceOf(NudgeAuthError);
    expect(isNudgeAuthError(new Copy('NUDGE_TIMEOUT'))).toBe(true);
    expect(isNudgeAuthError(new Copy('NUDGE_SOMETHING_NEW'))).toBe(false);
    expect(new Own('NUDGE_TIMEOUT', 'x')).toBeInstanceOf(Own);
    expect(new NudgeAuthError('NUDGE_TIMEOUT', 'x')).not.toBeInstanceOf(Own);
    expect(isNudgeAuthError(Object.assign(new Error('x'), { code: 'NUDGE_TIMEOUT' }))).toBe(false);
    expect(isNudgeAuthError({ name: 'NudgeAuthError', code: 'NUDGE_TIMEOUT' })).toBe(false);
    expect(isNudgeAuthError(undefined)).toBe(false);
  });

  it('are named in logs by their name, by their class without one, and by nothing of their message', () => {
    class VaultError extends Error {}
    const named = Object.assign(new VaultError('a secret'), { name: 'SealedError' });
    const kinds = [new TypeError('a secret'), new VaultError('a secret'), named, new Error('a secret')];
    expect([...kinds, new (class extends Error {})('a secret'), 'a secret'].map(errorKindOf)).toEqual([
      'TypeError',
      'VaultError',
      'SealedError',
      'Error',
      'Error',
      'string',
    ]);
  });

  it('have a cause only when one is given', () => {
    expect(new NudgeAuthError('NUDGE_TIMEOUT', 'x')).not.toHaveProperty('cause');
    expect(new NudgeAuthError('NUDGE_TIMEOUT', 'x', { cause: 5, retryAfterMs: 7 })).toMatchObject({
      cause: 5,
      retryAfterMs: 7,
    });
  });

  it('about options list every problem', () => {
    const one = new InvalidNudgeAuthOptionsError('It', [{ path: 'a', message: 'is bad' }]);
    expect(one.message).toBe('It cannot start, its options have 1 problem:\n  - a: is bad');
  });

  it('from the operating system have a known code, and other errors have none', () => {
    expect(systemErrorCodeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
    for (const value of [{ code: 'toString' }, { code: 'obviously-fake-key' }, { code: 2 }, 'ENOENT', null]) {
      expect(systemErrorCodeOf(value)).toBeUndefined();
    }
  });
});

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', 'nudge.localhost', '127.0.0.1', '127.255.1.2', '::1', '[::1]'])(
    'holds for %s',
    (host) => expect(isLoopbackHost(host)).toBe(true),
  );

  it.each([
    '',
    'localhost.example',
    'mylocalhost',
    '128.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '::2',
    '127.0.0.1.example',
  ])('does not hold for "%s"', (host) => expect(isLoopbackHost(host)).toBe(false));
});

describe('verification keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;

  it('are accepted as a string, a Buffer and a KeyObject', () => {
    const secret = createSecretKey(Buffer.from('obviously-fake'));
    for (const given of ['obviously-fake', Buffer.from('obviously-fake'), secret]) {
      expect(secretKeyObject(given).equals(secret)).toBe(true);
    }
    const pem = rsa.export({ type: 'spki', format: 'pem' });
    for (const given of [pem, Buffer.from(pem), rsa]) expect(publicKeyObject(given).equals(rsa)).toBe(true);
    expect(() => secretKeyObject(rsa)).toThrow('is a public key: pass it as publicKey');
    expect(() => publicKeyObject(Buffer.alloc(0))).toThrow('must be a PEM');
  });

  it('allow the algorithms of their type', () => {
    expect(algorithmsFor(createPublicKey(rsa.export({ type: 'spki', format: 'pem' })))).toContain('PS256');
    expect(algorithmsFor(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).not.toContain(
      'RS256',
    );
    expect(['P-256', 'P-384', 'P-521', 'secp256k1'].map((curve) => algorithmsFor(ec(curve)))).toEqual([
      ['ES256'],
      ['ES384'],
      ['ES512'],
      [],
    ]);
    expect(algorithmsFor(generateKeyPairSync('ed25519').publicKey)).toEqual([]);
  });
});
