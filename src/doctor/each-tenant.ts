import { skip, type Check, type Finding } from './check.js';
import type { DoctorContext } from './context.js';
import { mergedFinding } from './merged-finding.js';
import { hasTenants, tenantsToCheck, type CheckedTenant } from './probes/tenants.js';

async function findingAbout(
  { context, hidden }: CheckedTenant,
  check: Check,
  signal: AbortSignal,
): Promise<Finding> {
  const cause = check.needs.map((name) => hidden.get(name)).find((name) => name !== undefined);
  const finding =
    cause === undefined ? await check.run(context, signal) : skip(`not checked: ${cause} failed`);
  if (cause !== undefined || finding.status === 'fail') hidden.set(check.name, cause ?? check.name);
  return finding;
}

/** The same check. If the setup has tenants, it checks the account of each tenant, all at once, and merges the results. */
export function forEachTenant(check: Check): Check {
  return {
    ...check,
    async run(context: DoctorContext, signal: AbortSignal) {
      if (!hasTenants(context)) return check.run(context, signal);
      const { usable } = await tenantsToCheck(context, signal);
      return mergedFinding(
        await Promise.all(
          usable.map(async (tenant) => ({
            label: tenant.label,
            finding: await findingAbout(tenant, check, signal),
          })),
        ),
      );
    },
  };
}
