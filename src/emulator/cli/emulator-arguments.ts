import { parseArgs } from 'node:util';
import { EmulatorInputError } from '../input-error.js';
import type { AdminAccess, NudgeEmulatorOptions } from '../server/emulator-options.js';
import { parseFaults } from '../faults/parse-faults.js';
import type { EmulatorAlgorithm } from '../server/signing-keys.js';

/** Fixed, so that an application's environment can name it. */
export const DEFAULT_CLI_PORT = 4010;

export const HELP = `Usage: nudge-emulator [options]

Answers as the Nudge token API does, offline, and misbehaves on request.

  --port <number>         port to listen on, 0 for any that is free (default ${DEFAULT_CLI_PORT})
  --host <address>        address to listen on (default 127.0.0.1)
  --api-key <key>         a private key to accept; may be repeated (default: a fake that is printed)
  --public-key <key>      a key to refuse as a public one; may be repeated
  --algorithm <name>      EdDSA or HS256 (default EdDSA)
  --seed <text>           same seed, same signing keys (default: random keys)
  --rate-limit <number>   requests per minute and client address, or off (default 1200)
  --fault <json>          a fault to begin with; may be repeated
  --admin <who>           who may use the admin routes: loopback, any-address or off (default loopback)
  --help                  this text
  --version               the version
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  'api-key': { type: 'string', multiple: true },
  'public-key': { type: 'string', multiple: true },
  algorithm: { type: 'string' },
  seed: { type: 'string' },
  'rate-limit': { type: 'string' },
  fault: { type: 'string', multiple: true },
  admin: { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

export type CliCommand = 'help' | 'version' | { readonly start: NudgeEmulatorOptions };

/**
 * What a command line asks for. Names and numbers are read here; whether they make sense is for the emulator to say.
 *
 * @throws {Error} with a message of one line for an unknown option, a missing value or a number that is none.
 */
export function parseCliArguments(argv: readonly string[]): CliCommand {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  // Never repeated: it may be a key whose option was left out.
  if (positionals.length > 0) throw new EmulatorInputError('command line', ['takes options only']);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  return {
    start: {
      port: values.port === undefined ? DEFAULT_CLI_PORT : wholeNumber('--port', values.port),
      host: values.host,
      apiKeys: values['api-key'],
      publicKeys: values['public-key'],
      algorithm: values.algorithm as EmulatorAlgorithm | undefined,
      seed: values.seed,
      rateLimitPerMinute: rateLimit(values['rate-limit']),
      faults: parseFaults((values.fault ?? []).map(json)),
      admin: values.admin === 'off' ? false : (values.admin as AdminAccess | undefined),
    },
  };
}

function rateLimit(text: string | undefined): number | false | undefined {
  if (text === 'off') return false;
  return text === undefined ? undefined : wholeNumber('--rate-limit', text);
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new EmulatorInputError(option, ['must be a whole number']);
  return Number(text);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EmulatorInputError('--fault', ['not JSON']);
  }
}
