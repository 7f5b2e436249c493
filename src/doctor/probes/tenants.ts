import { errorKindOf } from '../../common/error-kind.js';
import { untilAborted } from '../../common/deadline.js';
import type { DoctorContext } from '../context.js';
import { once } from './once.js';
import { tenantsFile, type ListedTenant } from './tenants-file.js';

/** A tenant that has a config. */
export interface CheckedTenant {
  readonly label: string;
  /** The context of the checks of this tenant's account. */
  readonly context: DoctorContext;
  /** Maps each check that failed for this tenant, and each check that the failure hides, to the failed check. */
  readonly hidden: Map<string, string>;
}

export interface Tenants {
  readonly usable: readonly CheckedTenant[];
  /** The tenants without a config, each with the reason. */
  readonly problems: readonly string[];
}

function concealKeys(config: object, { redaction }: DoctorContext): void {
  for (const option of ['apiKey', 'fallbackApiKey']) {
    const key: unknown = Reflect.get(config, option);
    if (typeof key === 'string') redaction.conceal(key);
  }
}

/** The tenant with its config, or the reason why there is none. */
async function askFor(
  { id, label }: ListedTenant,
  context: DoctorContext,
  signal: AbortSignal,
): Promise<CheckedTenant | string> {
  const { options } = await tenantsFile(context, signal);
  try {
    const asked = Promise.resolve().then(() => options.config(id));
    const config: unknown = await untilAborted(asked, signal);
    if (config === undefined || config === null) return `${label}: tenants.config knows no such tenant`;
    if (typeof config !== 'object') return `${label}: tenants.config returned no object such as { apiKey }`;
    concealKeys(config, context);
    const tenant = { config, baseUrls: options.baseUrls };
    return { label, context: { ...context, tenant }, hidden: new Map() };
  } catch (error) {
    if (signal.aborted) return `${label}: tenants.config did not return in time`;
    // An error of the host's function may quote a secret, so only its kind is shown.
    return `${label}: tenants.config failed (${errorKindOf(error)})`;
  }
}

/** Asks `tenants.config` for every tenant of the file at once. Only for checks that need the check `tenants`. */
export const tenantsToCheck = once(async (context, signal): Promise<Tenants> => {
  const { listed } = await tenantsFile(context, signal);
  const answers = await Promise.all(listed.map((tenant) => askFor(tenant, context, signal)));
  return {
    usable: answers.filter((answer) => typeof answer !== 'string'),
    problems: answers.filter((answer) => typeof answer === 'string'),
  };
});

export const hasTenants = ({ request }: DoctorContext): boolean => request.tenantsFile !== undefined;
