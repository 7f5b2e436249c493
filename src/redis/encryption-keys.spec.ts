import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { encryptionKeyBytes, encryptionKeysProblem } from './encryption-keys.js';
import { resolveRedisTokenStoreOptions } from './redis-token-store.options.js';

const BYTES = Buffer.from('obviously-fake-key-of-32-bytes-!?');

describe('an encryption key', () => {
  it.each(['base64', 'base64url', 'hex'] as const)(
    'gives the same bytes when it is written in %s',
    (encoding) => {
      expect(encryptionKeyBytes(BYTES.toString(encoding))).toEqual(BYTES);
    },
  );

  it('is accepted in each encoding for any 32 random bytes', () => {
    for (let time = 0; time < 200; time += 1) {
      const bytes = randomBytes(32);
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(encryptionKeyBytes(bytes.toString(encoding))).toEqual(bytes);
      }
    }
  });

  it.each([
    ['a passphrase of 16 characters', 'correct horse ba'],
    ['a long passphrase', 'correct horse battery staple, and then some more words of it'],
    ['31 bytes', BYTES.subarray(0, 31).toString('base64')],
    ['31 bytes in hex', BYTES.subarray(0, 31).toString('hex')],
    ['one repeated letter', 'a'.repeat(64)],
    ['zeros', Buffer.alloc(32).toString('base64')],
    ['a key with a line break', `${BYTES.toString('base64')}\n`],
    ['a key in quotes', `"${BYTES.toString('base64')}"`],
    ['an empty text', ''],
    ['a number', 7],
  ])('is refused with an error that says how to make one and does not quote it: %s', (_what, key) => {
    const problem = encryptionKeysProblem([BYTES.toString('hex'), key]);
    expect(problem).toMatch(/^key 2 of 2 must be at least 32 random bytes .*npx nestjs-nudge-auth key/);
    if (String(key).length > 2) expect(problem).not.toContain(String(key));
  });

  it.each([
    ['an empty list', []],
    ['a bare text', BYTES.toString('hex')],
    ['null', null],
  ])('must stand in a list of at least one key: %s', (_what, keys) => {
    expect(encryptionKeysProblem(keys)).toMatch(/^must be a list of at least one key/);
  });

  it('is refused when the list holds it twice, also in two encodings', () => {
    const twice = [BYTES.toString('hex'), BYTES.toString('base64')];
    expect(encryptionKeysProblem(twice)).toBe('must not hold the same key twice');
    expect(() => resolveRedisTokenStoreOptions({ url: 'redis://h', encryptionKeys: twice })).toThrow(
      'encryptionKeys: must not hold the same key twice',
    );
  });
});
