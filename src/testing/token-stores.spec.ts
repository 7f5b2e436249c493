import { afterEach, describe, expect, it } from '@jest/globals';
import { RECORD, storeWith } from '../../test/support/shared-store.js';
import { MINUTE_MS } from '../common/durations.js';
import type { TokenLease, TokenStore } from '../store/token-store.js';
import { describeTokenStoreContract, type TestFramework } from './token-store-contract.js';
import { ManualClock } from './manual-clock.js';
import { MemoryTokenStore } from './memory-token-store.js';

describeTokenStoreContract('in memory', () => new MemoryTokenStore(new ManualClock()), {
  describe,
  it,
  afterEach,
});

describe('the store in memory', () => {
  it('ages a token that it holds, and drops it when it expires', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    await (await store.acquire('entry'))?.write({ ...RECORD, ageMs: 5 });
    await clock.advanceAsync(20 * MINUTE_MS);
    clock.suspend(20 * MINUTE_MS);
    expect(await store.read('entry')).toMatchObject({
      remainingMs: 20 * MINUTE_MS,
      ageMs: 40 * MINUTE_MS + 5,
    });
    await clock.advanceAsync(40 * MINUTE_MS);
    expect(await store.read('entry')).toBeUndefined();
  });

  it('ends the lease of a holder that no longer renews it', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    const lost = await store.acquire('entry');
    await clock.advanceAsync(7_999);
    expect(await store.acquire('entry')).toBeUndefined();
    await clock.advanceAsync(1);
    const next = await store.acquire('entry');
    expect(await next?.write(RECORD)).toBe(true);
    expect(await lost?.write({ ...RECORD, token: 'late' })).toBe(false);
  });

  it('ends a wait after its time limit, and leaves no timer', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    const waiting = store.untilChanged('entry', 200);
    await clock.advanceAsync(200);
    await waiting;
    expect(clock.pendingMs).toEqual([]);
  });

  it('drops the oldest entry above its limit', async () => {
    const store = new MemoryTokenStore(new ManualClock(), 2);
    for (const entry of ['a', 'b', 'c']) await (await store.acquire(entry))?.write(RECORD);
    expect(await store.read('a')).toBeUndefined();
    expect(await store.read('c')).toBeDefined();
  });
});

describe('the contract of token stores', () => {
  /** Runs every case of the contract and returns the titles of those that fail. */
  async function failuresOf(change: (inner: MemoryTokenStore) => Partial<TokenStore>): Promise<string[]> {
    const cases: { name: string; body: () => Promise<void> }[] = [];
    const ends: (() => Promise<void>)[] = [];
    const framework: TestFramework = {
      describe: (_name, body) => body(),
      it: (name, body) => cases.push({ name, body }),
      afterEach: (body) => ends.push(body),
    };
    describeTokenStoreContract('under test', () => storeWith(new ManualClock(), change), framework);
    const failed: string[] = [];
    for (const { name, body } of cases) {
      const outcome = await Promise.race([
        body().then(
          () => 'passed',
          () => 'failed',
        ),
        // A promise that has not settled after so many turns of the event loop never will.
        manyTurns().then(() => 'never ended'),
      ]);
      if (outcome !== 'passed') failed.push(name);
      await Promise.race([Promise.all(ends.map((end) => end())), manyTurns()]);
    }
    expect(cases.length).toBeGreaterThan(10);
    return failed;
  }

  async function manyTurns(): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it('is kept by the store in memory', async () => {
    expect(await failuresOf(() => ({}))).toEqual([]);
  });

  it.each<{ is: string; change: (inner: MemoryTokenStore) => Partial<TokenStore>; broken: string }>([
    {
      is: 'gives every caller a lease',
      change: () => {
        let fence = 0;
        return {
          acquire: async (): Promise<TokenLease> => ({
            fence: ++fence,
            isHeld: () => true,
            write: async () => true,
            release: async () => undefined,
          }),
        };
      },
      broken: 'gives the lease to one of many callers, and to the next one after its release',
    },
    {
      is: 'ignores an invalidation',
      change: (inner) => ({ invalidate: async () => void (await inner.read('entry')) }),
      broken: 'forgets an invalidated entry, and refuses a write that was under way',
    },
    {
      is: 'never reports a change',
      change: () => ({ untilChanged: () => new Promise(() => undefined) }),
      broken: 'wakes a waiting caller after a write',
    },
    {
      is: 'confuses names in upper and lower case',
      change: (inner) => ({
        read: (entry) => inner.read(entry.toLowerCase()),
        acquire: (entry) => inner.acquire(entry.toLowerCase()),
      }),
      broken: 'keeps entries apart by their exact names',
    },
    {
      is: 'orders writes by expiry',
      change: (inner) => {
        let longestMs = 0;
        return {
          acquire: async (entry) => {
            const lease = await inner.acquire(entry);
            return lease === undefined
              ? undefined
              : {
                  ...lease,
                  write: async (record) => {
                    if (record.remainingMs < longestMs) return false;
                    longestMs = record.remainingMs;
                    return lease.write(record);
                  },
                };
          },
        };
      },
      broken: 'accepts a token that expires sooner than the one before',
    },
  ])('is broken by a store that $is', async ({ change, broken }) => {
    expect(await failuresOf(change)).toContain(broken);
  });
});
