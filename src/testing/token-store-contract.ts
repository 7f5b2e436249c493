import assert from 'node:assert/strict';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { TokenLease, TokenStore } from '../store/token-store.js';
import { lease, recordOf } from './contract-records.js';
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
 * The contract of {@link TokenStore} as tests, for every store that wants to be one.
 *
 * @param name what is tested, for the report.
 * @param createStore makes a store that shares nothing with the ones made before.
 * @param framework where the tests run. Default: the globals of jest, vitest or mocha.
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

    it('knows nothing of an entry before the first write', async () => {
      const store = await create();
      assert.equal(await store.read('entry'), undefined);
    });

    it('tells with a lease what is stored, if it tells of it at all', async () => {
      const store = await create();
      const first = await lease(store, 'entry');
      assert.ok([undefined, 0].includes(first.storedFence));
      await first.write(recordOf('token'));
      await first.release();
      const second = await lease(store, 'entry');
      assert.ok([undefined, first.fence].includes(second.storedFence));
    });

    it('gives back what was written, aged, with the fence of the lease', async () => {
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

    it('does not give back what has no life left', async () => {
      const store = await create();
      await (await lease(store, 'entry')).write(recordOf('token', 0));
      assert.equal(await store.read('entry'), undefined);
    });

    it('lets one of many renew, and the next when it is done', async () => {
      const store = await create();
      const given = await Promise.all(Array.from({ length: 50 }, () => store.acquire('entry')));
      const holders = given.filter((one) => one !== undefined);
      assert.equal(holders.length, 1);
      assert.equal(await store.acquire('entry'), undefined);
      await holders[0]?.release();
      const next = await lease(store, 'entry');
      assert.ok(next.fence > (holders[0]?.fence ?? Number.NaN), 'fences rise');
    });

    it('orders by fence: a late write loses, however long its token lives', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await former.release();
      const latter = await lease(store, 'entry');
      assert.equal(await latter.write(recordOf('latter', MINUTE_MS)), true);
      assert.equal(await former.write(recordOf('former')), false);
      assert.equal((await store.read('entry'))?.token, 'latter');
    });

    it('takes a token that lives shorter than the one before', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await former.write(recordOf('longer'));
      await former.release();
      assert.equal(await (await lease(store, 'entry')).write(recordOf('shorter', MINUTE_MS)), true);
      assert.equal((await store.read('entry'))?.token, 'shorter');
    });

    it('forgets an invalidated entry, and what was under way for it cannot be written', async () => {
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

    it('ignores that a lease is given back by somebody who no longer holds it', async () => {
      const store = await create();
      const former = await lease(store, 'entry');
      await store.invalidate('entry');
      await lease(store, 'entry');
      await former.release();
      assert.equal(await store.acquire('entry'), undefined);
    });

    it('keeps entries apart, whatever they are called', async () => {
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
      it(`tells those who wait of ${what}`, async () => {
        const store = await create();
        const holder = await lease(store, 'entry');
        const told = store.untilChanged('entry', HOUR_MS);
        await change(store, holder);
        await told;
      });
    }

    it('tells a holder at once that it is none any more, where the store knows it', async () => {
      const store = await create();
      const holder = await lease(store, 'entry');
      assert.equal(holder.isHeld(), true);
      await holder.write(recordOf('token'));
      assert.equal(holder.isHeld(), true, 'writing does not end it');
      await holder.release();
      assert.equal(holder.isHeld(), false);
    });

    it('accepts that a write is repeated by whoever did not hear that it was accepted', async () => {
      const store = await create();
      const entry = await lease(store, 'entry');
      await entry.write(recordOf('token'));
      await entry.write(recordOf('token'));
      assert.equal((await store.read('entry'))?.token, 'token');
    });

    it('counts the calls of all who share it, where it has a shared way out', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      const takes = [];
      for (let call = 0; call < 12; call += 1) takes.push(await callLimits.take('urgent', 100));
      assert.deepEqual(takes.slice(0, 10), Array(10).fill(0), 'a tenth of the budget is there at once');
      assert.ok(
        takes.slice(10).every((waitMs) => waitMs > 0 && waitMs <= MINUTE_MS),
        'then it says how long',
      );
    });

    it('keeps half of the budget for those whom somebody waits for', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      const rotations = [];
      for (let call = 0; call < 6; call += 1) rotations.push(await callLimits.take('rotation', 100));
      assert.deepEqual(rotations.slice(0, 5), Array(5).fill(0));
      assert.ok((rotations[5] ?? 0) > 0, 'rotations get at most half');
      assert.equal(await callLimits.take('urgent', 100), 0);
    });

    it('lets a pause hold for all, and one of them try whether it is over', async () => {
      const callLimits = (await create()).callLimitsOf?.(ORIGIN);
      if (callLimits === undefined) return;
      assert.deepEqual(await callLimits.pause(), { remainingMs: 0, isProbe: false });
      await callLimits.beginPause(MINUTE_MS);
      await callLimits.beginPause(SECOND_MS);
      const { remainingMs, isProbe } = await callLimits.pause();
      assert.equal(isProbe, false);
      assert.ok(remainingMs > SECOND_MS && remainingMs <= MINUTE_MS, 'a longer pause stays');
      await callLimits.endPause();
      await callLimits.beginPause(0);
      assert.deepEqual(await callLimits.pause(), { remainingMs: 0, isProbe: true });
      const other = await callLimits.pause();
      assert.equal(other.isProbe, false);
      assert.ok(other.remainingMs > 0, 'the others wait for the probe');
      await callLimits.endPause();
      assert.deepEqual(await callLimits.pause(), { remainingMs: 0, isProbe: false });
    });

    wholeStoreCases(it, create);

    it('lets go of those who wait when it closes', async () => {
      const store = await createStore();
      const told = store.untilChanged('entry', HOUR_MS);
      await store.close();
      await told;
    });
  });
}
