import { describe, expect, it } from '@jest/globals';
import { errorKindOf, systemErrorCodeOf } from './error-kind.js';
import { isNudgeAuthError, NudgeAuthError } from './errors.js';
import { InvalidNudgeAuthOptionsError } from './options-error.js';

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
