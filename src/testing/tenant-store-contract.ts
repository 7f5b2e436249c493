import assert from 'node:assert/strict';
import { HOUR_MS } from '../common/durations.js';
import type { TokenStore } from '../store/token-store.js';
import { ADMITTED, lease, recordOf, write } from './contract-records.js';

/** Ids that differ in case, Unicode form or a blank only. */
const TENANTS = ['acme', 'Acme', 'acme ', 'caf\u00e9', 'cafe\u0301'];

type Case = (name: string, body: () => Promise<void>) => unknown;

/** An entry's name holds its tenant, as the module makes it. */
function entryOf(tenant: string): string {
  return JSON.stringify([tenant, 'entry']);
}

/** What is asked of a store that can invalidate everything, and of one that knows tenants. */
export function wholeStoreCases(it: Case, create: () => Promise<TokenStore>): void {
  it('forgets all entries together, where it can, and what was under way for them cannot be written', async () => {
    const store = await create();
    if (store.invalidateAll === undefined) return;
    await write(store, 'first', 'first');
    await write(store, 'second', 'second');
    const underWay = await lease(store, 'third');
    const told = store.untilChanged('third', HOUR_MS);
    await store.invalidateAll();
    await told;
    for (const entry of ['first', 'second']) assert.equal(await store.read(entry), undefined);
    assert.equal(await underWay.write(recordOf('late')), false);
    assert.equal(await store.read('third'), undefined);
    await write(store, 'third', 'next');
    assert.equal((await store.read('third'))?.token, 'next');
  });

  it('gives each tenant what was written for it, through every view of it', async () => {
    const store = await create();
    if (store.forTenant === undefined) return;
    for (const tenant of TENANTS) await write(store.forTenant(tenant), entryOf(tenant), `token of ${tenant}`);
    for (const tenant of TENANTS) {
      const stored = await store.forTenant(tenant).read(entryOf(tenant));
      assert.equal(stored?.token, `token of ${tenant}`);
    }
  });

  it('lets one view of a tenant renew at a time', async () => {
    const store = await create();
    if (store.forTenant === undefined) return;
    const holder = await lease(store.forTenant('acme'), entryOf('acme'));
    assert.equal(await store.forTenant('acme').acquire(entryOf('acme')), undefined);
    await lease(store.forTenant('Acme'), entryOf('Acme'));
    await holder.release();
    await lease(store.forTenant('acme'), entryOf('acme'));
  });

  it('forgets all entries of one tenant, and no other entry', async () => {
    const store = await create();
    if (store.forTenant === undefined) return;
    const [first = '', ...others] = TENANTS;
    await write(store, 'of no tenant', 'of no tenant');
    for (const tenant of TENANTS) await write(store.forTenant(tenant), entryOf(tenant), tenant);
    const view = store.forTenant(first);
    const another = JSON.stringify([first, 'another entry']);
    await write(view, another, 'another');
    const underWay = await lease(view, entryOf(first));
    const told = view.untilChanged(another, HOUR_MS);
    assert.equal(
      typeof view.invalidateAll,
      'function',
      'a store that knows tenants can invalidate all entries of one',
    );
    await store.forTenant(first).invalidateAll?.();
    await told;
    for (const entry of [entryOf(first), another]) assert.equal(await view.read(entry), undefined);
    assert.equal(await underWay.write(recordOf('late')), false);
    assert.equal(await view.read(entryOf(first)), undefined);
    for (const tenant of others) {
      assert.equal((await store.forTenant(tenant).read(entryOf(tenant)))?.token, tenant);
    }
    assert.equal((await store.read('of no tenant'))?.token, 'of no tenant');
    await write(view, entryOf(first), 'next');
    assert.equal((await view.read(entryOf(first)))?.token, 'next');
  });

  it('counts the calls to each vendor apart, where it counts them by vendor', async () => {
    const store = await create();
    const [one, again, other] = ['one', 'one', 'other'].map((name) =>
      store.callLimitsOf?.(`https://${name}.example`),
    );
    if (one === undefined || again === undefined || other === undefined) return;
    for (let call = 0; call < 10; call += 1) await one.take('urgent', 100);
    assert.ok((await again.take('urgent', 100)).waitMs > 0, 'the budget is spent');
    await one.beginPause(HOUR_MS);
    assert.ok((await again.take('urgent', 100)).pausedForMs > 0, 'a pause runs');
    assert.deepEqual(await other.take('urgent', 100), ADMITTED);
  });
}
