import { fail, pass, skip, warn, type Check, type Finding } from '../check.js';
import type { DoctorContext } from '../context.js';
import { nameOf, readSettings } from '../probes/settings.js';

const WHERE_IT_IS =
  'The private key is in the Nudge dashboard, under Settings. Give it as NUDGE_API_KEY, as a file named by ' +
  'NUDGE_API_KEY_FILE, in .env, or with --key-stdin.';

const WHERE_A_TENANTS_KEY_IS =
  "The private key is in the Nudge dashboard of the tenant's account, under Settings. tenants.config must return it as a string.";

/** Checks the option `apiKey` or `fallbackApiKey` as the environment variables give it. */
async function findingAbout(
  option: 'apiKey' | 'fallbackApiKey',
  context: DoctorContext,
  signal: AbortSignal,
): Promise<Finding> {
  const { problems, warnings, resolved } = await readSettings(context, signal);
  const name = nameOf(option, context);
  const keyProblem = problems.find(({ path }) => [name, `${name}_FILE`].includes(nameOf(path, context)));
  if (keyProblem !== undefined)
    return problemWith(name, nameOf(keyProblem.path, context), keyProblem.message, context);
  const suspicion = warnings.find((text) => text.startsWith(`${option} `));
  if (suspicion !== undefined) {
    const [what = '', advice = ''] = suspicion.split(/: (.+)/);
    return warn(what.replace(option, name), asSentence(advice));
  }
  const key = resolved?.[option];
  const fingerprint = key !== undefined && 'fingerprint' in key ? `, fingerprint ${key.fingerprint}` : '';
  if (resolved !== undefined && key === undefined) return skip(`there is no ${name}`);
  return pass(`${name} is well formed${fingerprint}`);
}

function problemWith(
  variable: string,
  path: string,
  message: string,
  { request, tenant }: DoctorContext,
): Finding {
  const whereItIs = tenant === undefined ? WHERE_IT_IS : WHERE_A_TENANTS_KEY_IS;
  if (message.startsWith('is missing')) {
    const isEmpty = request.environment[variable] === '';
    return fail(isEmpty ? `${variable} is set, but empty` : `${variable} is not set`, whereItIs);
  }
  const [what = '', remedy] = message.split(/: (.+)/);
  if (what.includes('cannot be read')) {
    return fail(`${path} ${what}`, 'Check the path, the mount and its permissions.');
  }
  return fail(`${path} ${what}`, remedy === undefined ? whereItIs : asSentence(remedy));
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'}`;
}

export const apiKeyCheck: Check = {
  name: 'api-key',
  group: 'Settings',
  asks: 'what the API key looks like',
  needs: ['tenants', 'tenant-configs'],
  run: (context, signal) => findingAbout('apiKey', context, signal),
};

export const fallbackApiKeyCheck: Check = {
  name: 'fallback-api-key',
  group: 'Settings',
  asks: 'what the fallback API key looks like',
  needs: ['tenants', 'tenant-configs'],
  isFor: ({ request: { environment, tenantsFile } }) =>
    tenantsFile !== undefined ||
    ['NUDGE_FALLBACK_API_KEY', 'NUDGE_FALLBACK_API_KEY_FILE'].some(
      (name) => (environment[name] ?? '') !== '',
    ),
  run: (context, signal) => findingAbout('fallbackApiKey', context, signal),
};
