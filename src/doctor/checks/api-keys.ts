import { fail, pass, warn, type Check, type Finding } from '../check.js';
import type { DoctorContext } from '../context.js';
import { readSettings, variableOf } from '../probes/settings.js';

const WHERE_IT_IS =
  'The private key is in the Nudge dashboard, under Settings. Give it as NUDGE_API_KEY, as a file named by ' +
  'NUDGE_API_KEY_FILE, in .env, or with --key-stdin.';

/** Checks the option `apiKey` or `fallbackApiKey` as the environment variables give it. */
async function findingAbout(
  option: 'apiKey' | 'fallbackApiKey',
  context: DoctorContext,
  signal: AbortSignal,
): Promise<Finding> {
  const { problems, warnings, resolved } = await readSettings(context, signal);
  const variable = variableOf(option);
  const keyProblem = problems.find(({ path }) => [variable, `${variable}_FILE`].includes(variableOf(path)));
  if (keyProblem !== undefined)
    return problemWith(variable, variableOf(keyProblem.path), keyProblem.message, context);
  const suspicion = warnings.find((text) => text.startsWith(`${option} `));
  if (suspicion !== undefined) {
    const [what = '', advice = ''] = suspicion.split(/: (.+)/);
    return warn(what.replace(option, variable), asSentence(advice));
  }
  const key = resolved?.[option];
  const fingerprint = key !== undefined && 'fingerprint' in key ? `, fingerprint ${key.fingerprint}` : '';
  return pass(`${variable} is well formed${fingerprint}`);
}

function problemWith(variable: string, path: string, message: string, { request }: DoctorContext): Finding {
  if (message.startsWith('is missing')) {
    const isEmpty = request.environment[variable] === '';
    return fail(isEmpty ? `${variable} is set, but empty` : `${variable} is not set`, WHERE_IT_IS);
  }
  const [what = '', remedy] = message.split(/: (.+)/);
  if (what.includes('cannot be read')) {
    return fail(`${path} ${what}`, 'Check the path, the mount and its permissions.');
  }
  return fail(`${path} ${what}`, remedy === undefined ? WHERE_IT_IS : asSentence(remedy));
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'}`;
}

export const apiKeyCheck: Check = {
  name: 'api-key',
  group: 'Settings',
  asks: 'what the API key looks like',
  needs: [],
  run: (context, signal) => findingAbout('apiKey', context, signal),
};

export const fallbackApiKeyCheck: Check = {
  name: 'fallback-api-key',
  group: 'Settings',
  asks: 'what the fallback API key looks like',
  needs: [],
  isFor: ({ request: { environment } }) =>
    ['NUDGE_FALLBACK_API_KEY', 'NUDGE_FALLBACK_API_KEY_FILE'].some(
      (name) => (environment[name] ?? '') !== '',
    ),
  run: (context, signal) => findingAbout('fallbackApiKey', context, signal),
};
