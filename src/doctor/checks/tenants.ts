import { fail, pass, type Check } from '../check.js';
import { hasTenants } from '../probes/tenants.js';
import { tenantsFile, UnusableTenantsFile } from '../probes/tenants-file.js';

export const tenantsCheck: Check = {
  name: 'tenants',
  group: 'Settings',
  asks: 'whether the file of --config names the tenants to check',
  needs: [],
  isFor: hasTenants,
  async run(context, signal) {
    try {
      const { listed } = await tenantsFile(context, signal);
      return pass(
        `the file of --config names ${listed.length === 1 ? '1 tenant' : `${listed.length} tenants`}`,
      );
    } catch (error) {
      if (error instanceof UnusableTenantsFile)
        return fail(`the file of --config ${error.message}`, error.hint);
      throw error;
    }
  },
};
