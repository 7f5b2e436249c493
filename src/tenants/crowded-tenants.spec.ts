import { describe, expect, it } from '@jest/globals';
import { tenantsBeforeVendor } from '../../test/support/tenants-before-vendor.js';
import { NudgeAuthError } from '../common/errors.js';

describe('a room that tenants share', () => {
  it('holds no more than its entries, whichever tenant has to make room', async () => {
    const { clock, tenants, begin } = tenantsBeforeVendor({ scope: 'user', maxEntries: 2 });
    for (const [tenant, user] of [
      ['one', 'ada'],
      ['two', 'ada'],
      ['one', 'grace'],
      ['two', 'grace'],
      ['three', 'ada'],
    ]) {
      const answer = begin(tenant, user);
      await clock.advanceAsync(0);
      expect(await answer).toBe('token');
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
