import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { inOwnContext } from './own-context.js';

describe('the async context of the package', () => {
  const user = new AsyncLocalStorage<string>();

  it('hides the caller’s store from work that runs at once, later, and in a timer', async () => {
    const seen = await user.run('ada', () =>
      inOwnContext(async () => {
        const atOnce = user.getStore();
        await turn();
        const later = user.getStore();
        const byTimer = await new Promise((resolve) => setTimeout(() => resolve(user.getStore()), 0));
        return [atOnce, later, byTimer];
      }),
    );
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('ends when the work returns: the caller is in the caller’s own context again', async () => {
    await user.run('ada', async () => {
      expect(await inOwnContext(() => turn('done'))).toBe('done');
      expect(user.getStore()).toBe('ada');
    });
  });

  it('returns what the work returns, and throws what the work throws', () => {
    expect(inOwnContext(() => 1)).toBe(1);
    expect(() =>
      inOwnContext(() => {
        throw new RangeError('passed on');
      }),
    ).toThrow('passed on');
  });

  it('does not keep a store that the work sets with enterWith', () => {
    inOwnContext(() => user.enterWith('ada'));
    expect(inOwnContext(() => user.getStore())).toBeUndefined();
  });
});
