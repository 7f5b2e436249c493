import { describe, expect, it } from '@jest/globals';
import { tenantsBeforeVendor } from '../../test/support/tenants-before-vendor.js';
import { NudgeAuthError } from '../common/errors.js';
import { FairTickets } from '../vendor/call-lanes.js';

describe('a room that tenants share', () => {
  it('holds no more than its entries, whichever tenant has to make room', async () => {
    const { tenants, ask } = tenantsBeforeVendor({ scope: 'user', maxEntries: 2 });
    for (const [tenant, user] of [
      ['one', 'ada'],
      ['two', 'ada'],
      ['one', 'grace'],
      ['two', 'grace'],
      ['three', 'ada'],
    ]) {
      expect(await ask(tenant, user)).toBe('token');
      expect(tenants.size).toBeLessThanOrEqual(2);
    }
  });

  it('does not let a user wait for what an evicted user of another tenant has met', async () => {
    const { ask, world } = tenantsBeforeVendor({ scope: 'user', maxEntries: 1 });
    world.failure = (key) =>
      key.endsWith('acme') ? new NudgeAuthError('NUDGE_BAD_RESPONSE', 'about this user alone') : undefined;
    expect(await ask('acme', 'ada')).toBe('NUDGE_BAD_RESPONSE');
    expect(await ask('other', 'ada')).toBe('token');
    world.failure = () => undefined;
    expect(await ask('acme', 'ada')).not.toBe('token');
  });
});

describe('the places that tenants share', () => {
  it('are 100, at most 50 of them for one tenant, so that calls that hang leave others room', async () => {
    const { calls, world, begin, answersNow } = tenantsBeforeVendor({ scope: 'user', callsPerMinute: 1_200 });
    world.isHanging = (key) => !key.endsWith('quiet');
    const askMany = (tenant: string, count: number): Promise<string[]> =>
      answersNow(Array.from({ length: count }, (_, user) => begin(tenant, `user ${user}`)));
    await askMany('noisy', 70);
    expect(calls).toHaveLength(50);
    expect(new Set(await askMany('quiet', 10))).toEqual(new Set(['token']));
    await askMany('also-noisy', 49);
    await askMany('noisy-as-well', 2);
    // The budget has 120 calls for this moment. One place is left, and the calls that were answered have none any more.
    expect(calls).toHaveLength(50 + 10 + 49 + 1);
  });
});

describe('FairTickets', () => {
  it('serves tenants in turns, however many tickets one of them has', () => {
    const tickets = new FairTickets<{ lane: string; n: number }>();
    for (let n = 0; n < 1_000; n += 1) tickets.add({ lane: 'large', n });
    tickets.add({ lane: 'small', n: 0 });
    expect(tickets.countAheadOf('small')).toBe(3);
    const served: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const next = tickets.next(() => true);
      if (next !== undefined) tickets.serve(next);
      served.push(next?.lane ?? '');
    }
    expect(served).toEqual(['large', 'small', 'large']);
  });
});
