import { CommandUsageError, parseOptions } from '../common/command.js';

/** The arguments of the command `doctor`. */
export interface DoctorArguments {
  readonly isJson: boolean;
  readonly isStrict: boolean;
  readonly isOffline: boolean;
  readonly endpointUrl: URL | undefined;
  readonly pageOrigin: string | undefined;
  /** The path of the file that names the tenants. */
  readonly configPath: string | undefined;
  /** What the doctor reads from standard input. */
  readonly input: 'key' | 'jwt' | undefined;
}

export const DOCTOR_HELP = `Usage: nestjs-nudge-auth doctor [options]

Finds what is wrong with a setup. It checks versions, the API key and the other variables, the way to Nudge,
Nudge's answer (one call), Redis, and your endpoint. It reads the variables that nudgeAuthConfig reads, also
from .env in this folder, and NUDGE_REDIS_URL, NUDGE_REDIS_KEY_PREFIX and NUDGE_USER_JWT. It prints no
secret, and no argument may hold one.

  --endpoint <url>     your running endpoint, such as http://localhost:3000/nudge/token. With a user's JWT
                       (NUDGE_USER_JWT or --jwt-stdin) the doctor also asks for a token there, which may
                       cause one more call to Nudge
  --origin <origin>    the origin of the pages that call the endpoint: checks CORS
  --config <file>      a module file (.mjs, .cjs or .js) that exports ids, a list of tenants, and tenants, the
                       option of the module: checks these tenants in place of NUDGE_API_KEY, with one call
                       to Nudge for each
  --offline            send nothing to Nudge
  --key-stdin          read the API key from standard input
  --jwt-stdin          read the user's JWT from standard input
  --strict             count a warning as a failure
  --json               print JSON for scripts: { ok, checks: [{ name, status, detail, hint }] }
  --help               print this text

Exit code: 0 no failure, 1 a failure (with --strict also a warning), 2 wrong arguments.

Examples:
  npx nestjs-nudge-auth doctor
  npx nestjs-nudge-auth doctor --endpoint http://localhost:3000/nudge/token --origin https://app.example
  npx nestjs-nudge-auth doctor --config nudge-tenants.mjs
  vault read -field=key secret/nudge | npx nestjs-nudge-auth doctor --key-stdin --json
`;

const OPTIONS = {
  endpoint: { type: 'string' },
  origin: { type: 'string' },
  config: { type: 'string' },
  offline: { type: 'boolean' },
  'key-stdin': { type: 'boolean' },
  'jwt-stdin': { type: 'boolean' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** @throws {CommandUsageError} when the arguments are wrong. The message repeats no value. */
export function parseDoctorArguments(argv: readonly string[]): DoctorArguments {
  const values = parseOptions(argv, OPTIONS);
  if (values['key-stdin'] === true && values['jwt-stdin'] === true) {
    throw new CommandUsageError('--key-stdin and --jwt-stdin: standard input can hold only one of them');
  }
  if (values.config === '') throw new CommandUsageError('--config: needs the path of a file');
  if (values.config !== undefined && values['key-stdin'] === true) {
    throw new CommandUsageError('--config and --key-stdin: with tenants, the keys come from the file');
  }
  if (values.origin !== undefined && values.endpoint === undefined) {
    throw new CommandUsageError('--origin: needs --endpoint');
  }
  return {
    isJson: values.json === true,
    isStrict: values.strict === true,
    isOffline: values.offline === true,
    endpointUrl: values.endpoint === undefined ? undefined : endpointUrl(values.endpoint),
    pageOrigin: values.origin === undefined ? undefined : pageOrigin(values.origin),
    configPath: values.config,
    input: values['key-stdin'] === true ? 'key' : values['jwt-stdin'] === true ? 'jwt' : undefined,
  };
}

function webUrl(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CommandUsageError(`${flag}: must be an http:// or https:// URL`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandUsageError(
      `${flag}: must not hold a user name or password, because no argument may hold a secret`,
    );
  }
  return url;
}

function endpointUrl(text: string): URL {
  const url = webUrl('--endpoint', text);
  if (/[?#]/.test(text)) throw new CommandUsageError('--endpoint: must not hold a query or a fragment');
  return url;
}

function pageOrigin(text: string): string {
  const { origin, pathname, search, hash } = webUrl('--origin', text);
  if (pathname !== '/' || search !== '' || hash !== '') {
    throw new CommandUsageError('--origin: must be scheme and host only, such as https://app.example');
  }
  return origin;
}
