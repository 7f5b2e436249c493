import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { errorKindOf, failureReasonOf } from '../../common/error-kind.js';
import { NudgeAuthError } from '../../common/errors.js';
import { InvalidNudgeAuthOptionsError } from '../../common/options-error.js';
import { tenantFingerprintOf } from '../../common/tenant-fingerprint.js';
import { untilAborted } from '../../common/deadline.js';
import { resolveNudgeAuthOptions } from '../../options/resolve-options.js';
import type { ResolvedTenantsOptions } from '../../options/resolve-tenants.js';
import type { NudgeTenantsOptions } from '../../options/tenants.options.js';
import { tenantIdOf } from '../../tenants/tenant-id.js';
import type { DoctorContext } from '../context.js';
import { once } from './once.js';

/** The doctor makes one call to Nudge for each tenant, all of them at once. */
const MOST_TENANTS = 20;

const EXAMPLE =
  "Export both: export const ids = ['acme']; export const tenants = { config: (id) => accounts.get(id) }; " +
  '(docs/doctor.md, “Tenants”).';

/** A tenant of the file. */
export interface ListedTenant {
  readonly id: string;
  /** Names the tenant in the output: its place in the list, and its id or fingerprint as log lines have it. */
  readonly label: string;
}

export interface TenantsFile {
  readonly listed: readonly ListedTenant[];
  readonly options: ResolvedTenantsOptions;
}

/** The message continues “the file of --config …”. */
export class UnusableTenantsFile extends Error {
  override readonly name = 'UnusableTenantsFile';

  constructor(
    message: string,
    readonly hint = EXAMPLE,
  ) {
    super(message);
  }
}

async function loadModule(path: string, signal: AbortSignal): Promise<unknown> {
  try {
    await access(path);
  } catch (error) {
    throw new UnusableTenantsFile(
      `cannot be read (${failureReasonOf(error) ?? errorKindOf(error)})`,
      'Check its path: the doctor looks for it from the folder in which it runs.',
    );
  }
  try {
    return await untilAborted(import(pathToFileURL(path).href), signal);
  } catch (error) {
    if (signal.aborted) {
      throw new UnusableTenantsFile('does not load in time', 'Find what its top level waits for.');
    }
    // An error of the host's code may quote a secret, so only its kind is shown.
    throw new UnusableTenantsFile(
      `does not load (${failureReasonOf(error) ?? errorKindOf(error)})`,
      'Run it alone to see the whole error: node, then the path of the file. It must be a .mjs, .cjs or .js file.',
    );
  }
}

/** A CommonJS file has its exports below `default`; a compiled one may have a further `default` below that. */
function exportsWithIds(loaded: unknown): object | undefined {
  const below: unknown = Reflect.get(Object(loaded), 'default');
  const candidates: unknown[] = [loaded, below, Reflect.get(Object(below), 'default')];
  return candidates.find(
    (one): one is object => typeof one === 'object' && one !== null && Reflect.get(one, 'ids') !== undefined,
  );
}

function idsIn(exported: object): readonly string[] {
  const ids: unknown = Reflect.get(exported, 'ids');
  if (!Array.isArray(ids)) throw new UnusableTenantsFile('exports ids, but not as a list');
  if (ids.length === 0) throw new UnusableTenantsFile('names no tenant: the list ids is empty');
  if (ids.length > MOST_TENANTS) {
    throw new UnusableTenantsFile(
      `names ${ids.length} tenants, but the doctor checks at most ${MOST_TENANTS} at a time`,
      `Name at most ${MOST_TENANTS} ids. The doctor makes one call to Nudge for each.`,
    );
  }
  return ids.map((id: unknown, index) => {
    try {
      return tenantIdOf(id);
    } catch (error) {
      if (!(error instanceof NudgeAuthError)) throw error;
      throw new UnusableTenantsFile(`has an unusable ids[${index}]: ${error.message}`);
    }
  });
}

function optionsIn(exported: object): { options: ResolvedTenantsOptions; hasFingerprints: boolean } {
  const given: unknown = Reflect.get(exported, 'tenants');
  if (typeof given !== 'object' || given === null) {
    throw new UnusableTenantsFile('exports ids, but no object tenants');
  }
  // The doctor has no users, so it needs no `id`. It checks for plain http at each tenant's own base URL.
  const tenants = { id: () => '', ...given } as unknown as NudgeTenantsOptions;
  try {
    const { tenants: options } = resolveNudgeAuthOptions({ tenants, allowInsecureBaseUrl: true });
    if (options === undefined) throw new UnusableTenantsFile('exports ids, but no tenants');
    return { options, hasFingerprints: tenants.fingerprintKey !== undefined };
  } catch (error) {
    if (!(error instanceof InvalidNudgeAuthOptionsError)) throw error;
    const problems = error.problems.map(({ path, message }) => `${path} ${message}`);
    throw new UnusableTenantsFile(`exports an unusable option: ${problems.join('; ')}`);
  }
}

/** @throws {UnusableTenantsFile} */
export const tenantsFile = once(async (context: DoctorContext, signal): Promise<TenantsFile> => {
  const exported = exportsWithIds(await loadModule(String(context.request.tenantsFile), signal));
  if (exported === undefined) throw new UnusableTenantsFile('exports no ids');
  const ids = idsIn(exported);
  const { options, hasFingerprints } = optionsIn(exported);
  const listed = ids.map((id, index) => {
    const place = `ids[${index}]`;
    if (options.logIds) return { id, label: `${place} (${id})` };
    if (!hasFingerprints) return { id, label: place };
    return { id, label: `${place} (fingerprint ${tenantFingerprintOf(id, options.fingerprintKey)})` };
  });
  return { listed, options };
});
