import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, OTHER_BASE_URL, tenantsBeforeVendor } from '../../test/support/tenants-before-vendor.js';
import { NudgeAuthError } from '../common/errors.js';
import type { TenantConfig } from '../options/tenants.options.js';
import { tenantIdOf } from './tenant-id.js';

const WHOLE_CLIENT = { expiryMins: undefined, extId: undefined };

describe('tenants', () => {
  it.each([undefined, null, '', 7, 'a'.repeat(201), 'a\u0000b', 'a\nb', '\ud800'])(
    'refuse %p as an id: there is no default tenant',
    (id) => {
      expect(() => tenantIdOf(id)).toThrow(NudgeAuthError);
    },
  );

  it('treat ids that differ in case, Unicode form or a trailing blank as different tenants', async () => {
    const { ask, calls } = tenantsBeforeVendor();
    for (const id of ['acme', 'Acme', 'acme ', 'caf\u00e9', 'cafe\u0301']) await ask(id);
    expect(new Set(calls).size).toBe(5);
  });

  it('make no call for an unknown id, and ask the host for it again after ten seconds only', async () => {
    const { ask, calls, world, clock } = tenantsBeforeVendor();
    world.config = () => undefined;
    expect(await ask('unknown')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(await ask('unknown')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(world.asked).toBe(1);
    world.config = () => ({ apiKey: 'fake-key-of-a-new-tenant' });
    await clock.advanceAsync(10_000);
    expect(await ask('unknown')).toBe('token');
    expect(calls).toHaveLength(1);
  });

  it('serve a tenant with its last config for an hour, and no longer, while the host fails', async () => {
    const { ask, world, clock } = tenantsBeforeVendor();
    expect(await ask('acme')).toBe('token');
    world.config = () => Promise.reject(new Error('obviously-secret'));
    await clock.advanceAsync(HOUR_MS - 120_000);
    expect(await ask('acme')).toBe('token');
    await clock.advanceAsync(120_000);
    expect(await ask('acme')).toBe('NUDGE_TENANT_UNAVAILABLE');
  });

  it('send nothing to a base URL that is not allowed, and log an error that does not quote it', async () => {
    const { ask, world, calls, lines } = tenantsBeforeVendor();
    world.config = (tenant) => ({
      apiKey: 'fake-key',
      baseUrl: tenant === 'good' ? `${OTHER_BASE_URL}/` : 'https://evil.example/api',
    });
    expect(await ask('bad')).toBe('NUDGE_TENANT_UNAVAILABLE');
    expect(calls).toEqual([]);
    expect(lines.join()).toContain('is not one of tenants.baseUrls');
    expect(lines.join()).not.toContain('evil');
    expect(await ask('good')).toBe('token');
  });

  it('back off only for the tenant whose key Nudge refuses', async () => {
    const { ask, world, calls, lines } = tenantsBeforeVendor();
    world.failure = (key) =>
      key.endsWith('acme') ? new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'no') : undefined;
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(await ask('other')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-other']);
    expect(lines.filter((line) => line.includes('"other"'))).toEqual([]);
  });

  it('pause all tenants of an origin after a 429, and none of another origin', async () => {
    const { ask, world, calls } = tenantsBeforeVendor();
    world.config = (tenant) => ({
      apiKey: `fake-key-of-${tenant}`,
      ...(tenant === 'far' ? { baseUrl: OTHER_BASE_URL } : {}),
    });
    world.failure = (key) =>
      key.endsWith('acme')
        ? new NudgeAuthError('NUDGE_RATE_LIMITED', 'too many', { retryAfterMs: 30_000 })
        : undefined;
    expect(await ask('acme')).toBe('NUDGE_RATE_LIMITED');
    expect(await ask('near')).toBe('NUDGE_RATE_LIMITED');
    expect(await ask('far')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-far']);
  });

  it('ignore an answer of the host when they have asked again since', async () => {
    const { ask, world, tenants, calls, clock } = tenantsBeforeVendor();
    let answerLate: (config: TenantConfig) => void = () => undefined;
    world.config = () => new Promise((resolve) => (answerLate = resolve));
    void ask('acme');
    await clock.advanceAsync(0);
    const answerFirst = answerLate;
    world.config = () => ({ apiKey: 'fake-key-after' });
    await tenants.invalidateAll('acme');
    answerFirst({ apiKey: 'fake-key-before' });
    expect(await ask('acme')).toBe('token');
    expect(calls).toEqual(['fake-key-after']);
  });

  it('are waited for no longer than the deadline, for a late config and its token together', async () => {
    const { clock, world, begin } = tenantsBeforeVendor();
    world.config = async () => {
      await new Promise<void>((resolve) => clock.schedule(5_000, resolve));
      return { apiKey: 'fake-key' };
    };
    world.isHanging = () => true;
    let answeredAtMs: number | undefined;
    const answer = begin('acme').finally(() => (answeredAtMs = clock.now().monotonicMs));
    await clock.advanceAsync(20_000);
    expect(await answer).toBe('NUDGE_TIMEOUT');
    expect(answeredAtMs).toBeLessThanOrEqual(7_000);
  });

  it('tell callers who wait that a config is of no use, and serve them where the account has moved', async () => {
    const { clock, world, tenants, begin } = tenantsBeforeVendor();
    expect(await Promise.all([begin('acme'), clock.advanceAsync(0)])).toEqual(['token', undefined]);
    world.isHanging = (_key, baseUrl) => baseUrl !== OTHER_BASE_URL;
    await tenants.invalidate('acme', WHOLE_CLIENT);
    const served = begin('acme');
    await clock.advanceAsync(100);
    world.config = () => ({ apiKey: 'fake-key', baseUrl: OTHER_BASE_URL });
    await tenants.invalidateAll('acme');
    await clock.advanceAsync(20_000);
    expect(await served).toBe('token');
    world.isHanging = () => true;
    await tenants.invalidate('acme', WHOLE_CLIENT);
    const told = begin('acme');
    await clock.advanceAsync(100);
    world.config = () => ({ apiKey: '' });
    await tenants.invalidateAll('acme');
    await clock.advanceAsync(20_000);
    expect(await told).toBe('NUDGE_TENANT_UNAVAILABLE');
  });

  it('ask the new vendor where an account has moved, though the former one’s token is in the store', async () => {
    const { ask, clock, world, calls } = tenantsBeforeVendor({ withStore: true });
    expect(await ask('acme')).toBe('token');
    world.config = () => ({ apiKey: 'fake-key-at-the-other', baseUrl: OTHER_BASE_URL });
    await clock.advanceAsync(60_000);
    // Behind this caller the config is asked for anew.
    expect(await ask('acme')).toBe('token');
    expect(await ask('acme')).toBe('token');
    // The rotation that was under way still had the former key for the former vendor.
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-acme', 'fake-key-at-the-other']);
  });

  it('leave what is in the store for others when one of them is invalidated', async () => {
    const { ask, tenants, calls } = tenantsBeforeVendor({ withStore: true, maxEntries: 1 });
    expect(await ask('acme')).toBe('token');
    expect(await ask('other')).toBe('token');
    await tenants.invalidateAll('other');
    // Its place was taken, so this comes from the store.
    expect(await ask('acme')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-other']);
  });

  it('ask for the config of a tenant in time while that of another one fails', async () => {
    const { ask, clock, world } = tenantsBeforeVendor();
    const well = world.config;
    for (const tenant of ['acme', 'other']) expect(await ask(tenant)).toBe('token');
    await clock.advanceAsync(60_000);
    const asked: string[] = [];
    world.config = (tenant) => {
      asked.push(tenant);
      return tenant === 'acme' ? Promise.reject(new Error('simulated')) : well(tenant);
    };
    for (const tenant of ['acme', 'other']) expect(await ask(tenant)).toBe('token');
    expect(asked).toEqual(['acme', 'other']);
  });

  it('keep their tokens, although the newest token of all is of the key of another tenant', async () => {
    const { ask, clock, calls } = tenantsBeforeVendor();
    for (const tenant of ['acme', 'other']) expect(await ask(tenant)).toBe('token');
    await clock.advanceAsync(30_000);
    for (const tenant of ['acme', 'other']) expect(await ask(tenant)).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-other']);
  });

  it('remember whose key was refused, whatever becomes of the keys of others', async () => {
    const { ask, clock, tenants, world, calls } = tenantsBeforeVendor();
    world.config = (tenant) => ({
      apiKey: `fake-key-of-${tenant}`,
      fallbackApiKey: `fake-fallback-of-${tenant}`,
    });
    world.failure = (key) =>
      key === 'fake-key-of-acme' ? new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'no') : undefined;
    for (const tenant of ['acme', 'other']) expect(await ask(tenant)).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-fallback-of-acme', 'fake-key-of-other']);
    await clock.advanceAsync(30_000);
    await tenants.invalidate('acme', WHOLE_CLIENT);
    expect(await ask('acme')).toBe('token');
    expect(calls.slice(3)).toEqual(['fake-fallback-of-acme']);
  });

  it('evict the tokens of a tenant with too many users, and still limit each user to a call in 30 s', async () => {
    const { ask, calls, clock } = tenantsBeforeVendor({ scope: 'user', maxEntries: 10 });
    for (const user of ['a', 'b', 'c']) await ask('small', user);
    for (let user = 0; user < 40; user += 1) await ask('large', `user-${user}`);
    for (const user of ['a', 'b', 'c']) expect(await ask('small', user)).toBe('token');
    expect(calls.filter((call) => call.includes('small'))).toHaveLength(3);
    expect(await ask('large', 'user-0')).toBe('NUDGE_RATE_LIMITED');
    await clock.advanceAsync(30_000);
    expect(await ask('large', 'user-0')).toBe('token');
  });

  it('drop a tenant and its tokens while the host does not know it, and serve it again after that', async () => {
    const { ask, clock, world, tenants, calls } = tenantsBeforeVendor();
    const known = world.config;
    await ask('acme');
    world.config = () => undefined;
    await tenants.invalidateAll('acme');
    expect(await ask('acme')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(tenants.statusOf('acme').heldTokens).toBe(0);
    expect(calls).toHaveLength(1);
    world.config = known;
    await clock.advanceAsync(10_000);
    expect(await ask('acme')).toBe('token');
    expect(calls).toHaveLength(2);
  });

  it('fetch a new token after an invalidation, and report a separate status for each tenant', async () => {
    const { tenants, ask } = tenantsBeforeVendor();
    await ask('acme');
    await tenants.invalidate('acme', WHOLE_CLIENT);
    expect(await ask('acme')).toBe('token');
    expect(tenants.statusOf('acme')).toMatchObject({ heldTokens: 1, nextAttemptInMs: 0 });
    expect(tenants.statusOf('never asked for')).toMatchObject({
      heldTokens: 0,
      summary: { lastSuccessAt: undefined, lastFailure: undefined },
    });
  });
});

describe('a tenant in scope user', () => {
  it('can still renew tokens after a failure of Nudge for one of its users', async () => {
    const { tenants, world, ask } = tenantsBeforeVendor({ scope: 'user' });
    world.failure = () => new NudgeAuthError('NUDGE_BAD_RESPONSE', 'an answer about this user alone');
    expect(await ask('acme', 'ada')).toBe('NUDGE_BAD_RESPONSE');
    expect(tenants.statusOf('acme').summary).toMatchObject({
      lastFailure: { code: 'NUDGE_BAD_RESPONSE' },
      renewalFailure: undefined,
    });
  });
});
