import assert from 'node:assert/strict';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { TokenLease, TokenStore } from '../store/token-store.js';
import { ADMITTED, lease, recordOf } from './contract-records.js';
import { wholeStoreCases } from './tenant-store-contract.js';

/**
 * `describe`, `it` and `afterEach` of jest, vitest, mocha or `node:test`.
 *
 * @publicApi
 */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
  readonly afterEach: (body: () => Promise<void>) => unknown;
}

const ORIGIN = 'https://nudge.example';

/**
 * The contract of {@link TokenStore} as tests. Every store must pass them.
 *
 * @param name the name of the store in the test report.
 * @param createStore makes a store that shares nothing with the ones made before.
 * @param framework the functions that declare the tests. Default: the globals of jest, vitest or mocha.
 *
 * @publicApi
 */
export function describeTokenStoreContract(
  name: string,
  createStore: () => TokenStore | Promise<TokenStore>,
  framework: TestFramework = globalThis as unknown as TestFramework,
): void {
  const { describe, it, afterEach } = framework;
  const open: TokenStore[] = [];
  const create = async (): Promise<TokenStore> => {
    const store = await createStore();
    open.push(store);
    return store;
  };

  describe(`TokenStore contract: ${name}`, () => {
    afterEach(async () => {
      await Promise.all(open.splice(0).map((store) => store.close()));
    });

    it('holds nothing for an entry before the first write', async () => {
      const store = await create();
      assert.equal(await store.read('entry'), undefined);
    });

    it('gives with a lease the fence of the stored token, or no fence', async () => {
      const store = await create();
      const first = await lease(store, 'entry');
      assert.ok([undefined, 0].includes(first.storedFence));
      await first.write(recordOf('token'));
      await first.release();
      const second = await lease(store, 'entry');
      assert.ok([undefined, first.fence].includes(second.storedFence));
    });

    it('returns what was written, with its age and the fence of the lease', async () => {
      const store = await create();
      const holder = await lease(store, 'entry');
      assert.equal(await holder.write({ ...recordOf('token'), ageMs: 5 }), true);
      const stored = await store.read('entry');
      assert.ok(stored);
      assert.equal(stored.token, 'token');
      assert.equal(stored.keyFingerprint, '0a1b2c3d');
      assert.equal(stored.fence, holder.fence);
      assert.ok(stored.ageMs >= 5 && stored.ageMs < MINUTE_MS);
      assert.ok(stored.remainingMs <= HOUR_MS && stored.remainingMs > HOUR_MS - MINUTE_MS);
    });

    it('does not return a token that has expired', async () => {
      const store = await create();
      await (await lease(store, 'entry')).write(recordOf('token', 0));
      assert.equal(await store.read('entry'), undefined);
    });

    it('gives the lease to one of many callers, and to the next one after its release', async () => {
      const store = await create();
      const given = await Promise.all(Array.from({ length: 50 }, () => store.acquire('entry')));
      const holders = given.filter((one) => one !== undefined);
      assert.equal(holders.length, 1);
      assert.equal(await store.acquire('entry'), undefined);
      await holders[0]?.release();
      const next = await lease(store, 'entry');
      assert.ok(next.fence > (holders[0]?.fence ?? Number.NaN), 'fences rise');
    });

    it('orders writes by fence: a late write loses, even if its token expires later', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await former.release();
      const latter = await lease(store, 'entry');
      assert.equal(await latter.write(recordOf('latter', MINUTE_MS)), true);
      assert.equal(await former.write(recordOf('former')), false);
      assert.equal((await store.read('entry'))?.token, 'latter');
    });

    it('accepts a token that expires sooner than the one before', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await former.write(recordOf('longer'));
      await former.release();
      assert.equal(await (await lease(store, 'entry')).write(recordOf('shorter', MINUTE_MS)), true);
      assert.equal((await store.read('entry'))?.token, 'shorter');
    });

    it('forgets an invalidated entry, and refuses a write that was under way', async () => {
      const store = await create();
      const first = await lease(store, 'entry');
      await first.write(recordOf('first'));
      await first.release();
      const underWay = await lease(store, 'entry');
      await store.invalidate('entry');
      assert.equal(await store.read('entry'), undefined);
      assert.equal(await underWay.write(recordOf('late')), false);
      assert.equal(await store.read('entry'), undefined);
      const next = await lease(store, 'entry');
      assert.ok(next.fence > underWay.fence, 'the next lease is newer');
      assert.equal(await next.write(recordOf('next')), true);
    });

    it('ignores a release by a former holder of the lease', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await store.invalidate('entry');
      await lease(store, 'entry');
      await former.release();
      assert.equal(await store.acquire('entry'), undefined);
    });

    it('keeps entries apart by their exact names', async () => {
      const store = await create();
      const names = ['a', 'A', 'a ', 'a:b', '["",60,"ünï\n*?"]', '{a}', 'x'.repeat(500)];
      for (const entry of names) await (await lease(store, entry)).write(recordOf(`token of ${entry}`));
      await store.invalidate('a');
      assert.equal(await store.read('a'), undefined);
      for (const entry of names.slice(1)) assert.equal((await store.read(entry))?.token, `token of ${entry}`);
    });

    for (const [what, change] of [
      ['a write', (_store: TokenStore, holder: TokenLease) => holder.write(recordOf('token'))],
      ['the end of a lease', (_store: TokenStore, holder: TokenLease) => holder.release()],
      ['an invalidation', (store: TokenStore) => store.invalidate('entry')],
    ] as const) {
      it(`wakes a waiting caller after ${what}`, async () => {
        const store = await create();
        const holder = await lease(store, 'entry');
        const woken = store.untilChanged('entry', HOUR_MS);
        await change(store, holder);
        await woken;
      });
    }

    it('reports at once that a holder has released its lease', async () => {
      const store = await create();
      const holder = await lease(store, 'entry');
      assert.equal(holder.isHeld(), true);
      await holder.write(recordOf('token'));
      assert.equal(holder.isHeld(), true, 'writing does not end it');
      await holder.release();
      assert.equal(holder.isHeld(), false);
    });

    it('keeps the token when its holder repeats a write', async () => {
      const store = await create();
      const entry = await lease(store, 'entry');
      await entry.write(recordOf('token'));
      await entry.write(recordOf('token'));
      assert.equal((await store.read('entry'))?.token, 'token');
    });

    it('lets a tenth of the budget go at once, then says how long to wait, if it has call limits', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      const takes = [];
      for (let call = 0; call < 12; call += 1) takes.push((await callLimits.take('urgent', 100)).waitMs);
      assert.deepEqual(takes.slice(0, 10), Array(10).fill(0), 'a tenth of the budget is free at once');
      assert.ok(
        takes.slice(10).every((waitMs) => waitMs > 0 && waitMs <= MINUTE_MS),
        'then the store says how long to wait',
      );
    });

    it('keeps half of the budget for urgent calls, if it has call limits', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      const rotations = [];
      for (let call = 0; call < 6; call += 1) rotations.push((await callLimits.take('rotation', 100)).waitMs);
      assert.deepEqual(rotations.slice(0, 5), Array(5).fill(0));
      assert.ok((rotations[5] ?? 0) > 0, 'rotations get at most half');
      assert.deepEqual(await callLimits.take('urgent', 100), ADMITTED);
    });

    it('lets a pause hold for all callers, and lets one of them probe when it ends', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      assert.deepEqual(await callLimits.take('urgent', 100), ADMITTED);
      await callLimits.beginPause(MINUTE_MS);
      await callLimits.beginPause(SECOND_MS);
      const { pausedForMs, ...paused } = await callLimits.take('urgent', 100);
      assert.deepEqual(paused, { waitMs: 0, isProbe: false });
      assert.ok(pausedForMs > SECOND_MS && pausedForMs <= MINUTE_MS, 'a longer pause stays');
      await callLimits.endPause();
      await callLimits.beginPause(0);
      assert.deepEqual(await callLimits.take('urgent', 100), { ...ADMITTED, isProbe: true });
      const other = await callLimits.take('urgent', 100);
      assert.equal(other.isProbe, false);
      assert.ok(other.pausedForMs > 0, 'the others wait for the probe');
      await callLimits.endPause();
      assert.deepEqual(await callLimits.take('urgent', 100), ADMITTED);
    });

    it('gives the probe to the next caller when it is given back, and to no caller without a call', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      await callLimits.beginPause(0);
      assert.equal((await callLimits.take('urgent', 100)).isProbe, true);
      await callLimits.giveBackProbe();
      for (let call = 1; call < 5; call += 1) {
        await callLimits.endPause();
        assert.deepEqual(await callLimits.take('rotation', 100), ADMITTED);
      }
      await callLimits.take('rotation', 100);
      await callLimits.beginPause(0);
      const refused = await callLimits.take('rotation', 100);
      assert.ok(refused.waitMs > 0, 'the budget of rotations is spent');
      assert.equal(refused.isProbe, false);
      assert.equal((await callLimits.take('urgent', 100)).isProbe, true);
    });

    wholeStoreCases(it, create);

    it('wakes every waiting caller when it closes', async () => {
      const store = await createStore();
      const woken = store.untilChanged('entry', HOUR_MS);
      await store.close();
      await woken;
    });
  });
}
