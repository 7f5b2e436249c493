import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { inOwnContext } from './own-context.js';

describe('the async context of the package', () => {
  const user = new AsyncLocalStorage<string>();

  it('is nobody’s, for what runs in it at once, later, and by a timer', async () => {
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

  it('is left when the work returns, and the caller goes on in their own', async () => {
    await user.run('ada', async () => {
      expect(await inOwnContext(() => turn('done'))).toBe('done');
      expect(user.getStore()).toBe('ada');
    });
  });

  it('passes on what the work returns and throws', () => {
    expect(inOwnContext(() => 1)).toBe(1);
    expect(() =>
      inOwnContext(() => {
        throw new RangeError('passed on');
      }),
    ).toThrow('passed on');
  });

  it('does not keep what somebody enters in it', () => {
    inOwnContext(() => user.enterWith('ada'));
    expect(inOwnContext(() => user.getStore())).toBeUndefined();
  });
});
