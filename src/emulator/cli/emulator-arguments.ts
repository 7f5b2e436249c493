import { CommandUsageError, parseOptions } from '../../common/command.js';
import { FAULT_CATALOGUE } from '../faults/fault-catalogue.js';
import type { EmulatorFault } from '../faults/fault-catalogue.js';
import type { EmulatorInputError } from '../input-error.js';
import type { AdminAccess, NudgeEmulatorOptions } from '../server/emulator-options.js';
import type { EmulatorAlgorithm } from '../server/signing-keys.js';

/** A fixed port, so that the environment of an application can name it. */
const DEFAULT_CLI_PORT = 4010;

const FAULT_EXAMPLES = [...FAULT_CATALOGUE.values()].map(({ example }) => `  ${JSON.stringify(example)}`);

export const EMULATOR_HELP = `Usage: nestjs-nudge-auth emulator [options]

Answers as the Nudge token API does, offline, and fails on request. It is for tests and demos: it
listens on this machine only, and Nudge accepts none of its tokens. Ctrl-C ends it.

  --port <number>         port to listen on, 0 for any free port (default ${DEFAULT_CLI_PORT})
  --host <address>        address to listen on (default 127.0.0.1)
  --api-key <key>         a private key to accept; may be repeated (default: a fake that is printed)
  --public-key <key>      a key to refuse as a public one; may be repeated
  --account <name>=<key>  a private key of a further account; may be repeated
  --algorithm <name>      EdDSA or HS256 (default EdDSA)
  --seed <text>           makes the signing keys the same in every run (default: random keys)
  --rate-limit <number>   requests per minute and client address, or off (default 1200)
  --fault <json>          a fault to start with, or a list of faults; may be repeated
  --admin <who>           who may use the admin routes: loopback, any-address or off (default loopback)
  --help                  print this text

Examples:
  npx nestjs-nudge-auth emulator --port 4010 --api-key a-fake-key
  npx nestjs-nudge-auth emulator --fault '{"kind":"status","status":503,"times":2}'
  npx nestjs-nudge-auth emulator --account acme=a-fake-key --account globex=another-fake-key
  npx nestjs-nudge-auth emulator --host 0.0.0.0 --admin any-address     # in a container

Faults, each with its usual fields (every fault may also have "times" and "only"):
${FAULT_EXAMPLES.join('\n')}
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  'api-key': { type: 'string', multiple: true },
  'public-key': { type: 'string', multiple: true },
  account: { type: 'string', multiple: true },
  algorithm: { type: 'string' },
  seed: { type: 'string' },
  'rate-limit': { type: 'string' },
  fault: { type: 'string', multiple: true },
  admin: { type: 'string' },
} as const;

const FLAGS: Readonly<Record<string, string>> = {
  port: '--port',
  host: '--host',
  apiKeys: '--api-key',
  publicKeys: '--public-key',
  accounts: '--account',
  seed: '--seed',
  rateLimitPerMinute: '--rate-limit',
  faults: '--fault',
};

/**
 * Reads the emulator's options from a command line. Checks names, numbers and choices; the emulator checks the rest.
 *
 * @throws {CommandUsageError} for an unknown option, a missing value, or a value of the wrong kind.
 */
export function parseEmulatorArguments(argv: readonly string[]): NudgeEmulatorOptions {
  const values = parseOptions(argv, OPTIONS);
  return {
    port: values.port === undefined ? DEFAULT_CLI_PORT : wholeNumber('--port', values.port),
    host: values.host,
    apiKeys: values['api-key'],
    publicKeys: values['public-key'],
    accounts: accountsOf(values.account ?? []),
    algorithm: choice<EmulatorAlgorithm>('--algorithm', values.algorithm, { EdDSA: 'EdDSA', HS256: 'HS256' }),
    seed: values.seed,
    rateLimitPerMinute: rateLimit(values['rate-limit']),
    faults: values.fault?.flatMap(faultJson),
    admin: choice<AdminAccess>('--admin', values.admin, {
      loopback: 'loopback',
      'any-address': 'any-address',
      off: false,
    }),
  };
}

/** Turns the emulator's error into one that names the command line's options: `apiKeys.0` is the first `--api-key`. */
export function asUsageError({ problems }: EmulatorInputError): CommandUsageError {
  const inFlags = problems.map((problem) =>
    problem.replace(/^(\w+)(?:\.(\d+))?(?:\.|: )/, (path, option: string, index: string | undefined) => {
      const flag = FLAGS[option];
      if (flag === undefined) return path;
      return index === undefined ? `${flag}: ` : `${flag} (number ${Number(index) + 1}): `;
    }),
  );
  return new CommandUsageError(inFlags.join('; '));
}

/** Reads `acme=key`. Each one adds a key to its account. The emulator checks name and key. */
function accountsOf(texts: readonly string[]): Record<string, { apiKeys: string[] }> {
  const keysByName = new Map<string, string[]>();
  for (const text of texts) {
    const [, name, key] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || key === undefined)
      throw new CommandUsageError('--account: must be <name>=<key>');
    keysByName.set(name, [...(keysByName.get(name) ?? []), key]);
  }
  return Object.fromEntries([...keysByName].map(([name, apiKeys]) => [name, { apiKeys }]));
}

function choice<Value>(
  flag: string,
  text: string | undefined,
  choices: Readonly<Record<string, Value>>,
): Value | undefined {
  if (text === undefined) return undefined;
  if (Object.hasOwn(choices, text)) return choices[text];
  throw new CommandUsageError(`${flag}: must be one of ${Object.keys(choices).join(', ')}`);
}

function rateLimit(text: string | undefined): number | false | undefined {
  if (text === 'off') return false;
  if (text === undefined) return undefined;
  return wholeNumber('--rate-limit', text, 'must be a whole number of at least 1, or off', 1);
}

function wholeNumber(flag: string, text: string, message = 'must be a whole number', least = 0): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new CommandUsageError(`${flag}: ${message}`);
  return Number(text);
}

/** Reads JSON. The emulator checks whether it is a fault. */
function faultJson(text: string): EmulatorFault[] {
  try {
    return [JSON.parse(text)].flat() as EmulatorFault[];
  } catch (cause) {
    throw new CommandUsageError('--fault: not JSON', { cause });
  }
}
