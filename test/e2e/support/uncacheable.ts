import { expect } from '@jest/globals';
import type { HttpResult } from '../../support/host.js';

export function varyOf(answer: HttpResult): string[] {
  return (answer.headers.vary ?? '').split(',').map((name) => name.trim());
}

/** Every answer that the guard or the handler writes has these headers. */
export function expectUncacheable(answer: HttpResult): void {
  expect(answer.headers).toMatchObject({
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers).not.toHaveProperty('etag');
  expect(varyOf(answer)).toEqual(expect.arrayContaining(['Authorization', 'Accept', 'Cookie']));
}
