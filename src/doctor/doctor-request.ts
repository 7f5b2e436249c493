import { resolve } from 'node:path';
import { CommandUsageError, type CommandIo } from '../common/command.js';
import { Secret } from '../common/secret.js';
import { withoutTrailing } from '../common/without-trailing.js';
import type { DoctorContext, DoctorMachine } from './context.js';
import type { DoctorArguments } from './doctor-arguments.js';
import { dotEnvVariables } from './dot-env.js';
import { Redaction } from './redaction.js';

type Asked = Pick<DoctorArguments, 'isOffline' | 'endpointUrl' | 'pageOrigin' | 'configPath' | 'input'>;

/** Variables that hold a secret, or a URL that may hold one. */
const SECRETS = ['NUDGE_API_KEY', 'NUDGE_FALLBACK_API_KEY', 'NUDGE_USER_JWT'];
const URLS = [
  'NUDGE_REDIS_URL',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/** Builds the context of the checks from the environment, `.env`, and standard input. */
export async function doctorContext(
  asked: Asked,
  io: CommandIo,
  machine: DoctorMachine,
): Promise<DoctorContext> {
  const given = { ...dotEnvVariables(machine.workingDirectory), ...io.environment };
  const input = asked.input === undefined ? '' : withoutTrailing(await io.readInput(), '\r\n');
  if (asked.input === 'jwt' && input === '') {
    throw new CommandUsageError('--jwt-stdin: standard input is empty');
  }
  const environment =
    asked.input === 'key' ? { ...given, NUDGE_API_KEY: input, NUDGE_API_KEY_FILE: undefined } : given;
  const jwt = (asked.input === 'jwt' ? input : (environment['NUDGE_USER_JWT'] ?? '')).trim();
  const { isOffline, endpointUrl, pageOrigin, configPath } = asked;
  const tenantsFile = configPath === undefined ? undefined : resolve(machine.workingDirectory, configPath);
  const userJwt = jwt === '' ? undefined : new Secret(jwt);
  return {
    machine,
    request: { environment, isOffline, endpointUrl, pageOrigin, tenantsFile, userJwt },
    redaction: redactionOf(environment, jwt),
    atEnd: [],
  };
}

function redactionOf(environment: NodeJS.ProcessEnv, jwt: string): Redaction {
  const redaction = new Redaction();
  redaction.conceal(jwt);
  for (const name of SECRETS) redaction.conceal(environment[name]);
  for (const text of URLS.map((name) => environment[name] ?? '')) {
    // Not parsed as a URL: a text that is not a URL may hold a password, too.
    redaction.conceal(/:\/\/[^/]*?:([^@]+)@/.exec(text)?.[1]);
  }
  return redaction;
}
