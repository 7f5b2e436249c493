import { fail, pass, type Check } from '../check.js';
import { hasTenants, tenantsToCheck } from '../probes/tenants.js';

export const tenantConfigsCheck: Check = {
  name: 'tenant-configs',
  group: 'Settings',
  asks: 'whether tenants.config knows these tenants',
  needs: ['tenants'],
  isFor: hasTenants,
  async run(context, signal) {
    const { usable, problems } = await tenantsToCheck(context, signal);
    if (problems.length === 0) return pass('tenants.config returned a config for each of them');
    const hint =
      'Check the ids, which are compared exactly, and the database or service that tenants.config reads from here.';
    return { ...fail(problems.join('; '), hint), isPartial: usable.length > 0 };
  },
};
