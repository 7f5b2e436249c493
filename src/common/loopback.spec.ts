import { describe, expect, it } from '@jest/globals';
import { isLoopbackHost } from './loopback.js';

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
