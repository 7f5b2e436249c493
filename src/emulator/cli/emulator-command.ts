import { readFile } from 'node:fs/promises';
import { DEFAULT_EMULATOR_API_KEY, type NudgeEmulatorOptions } from '../server/emulator-options.js';
import { EmulatorInputError } from '../input-error.js';
import { HELP, parseCliArguments, type CliCommand } from './cli-arguments.js';
import { NudgeEmulator } from '../server/nudge-emulator.js';

/** What the command line tool needs of its process. */
export interface CliIo {
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  printError(text: string): void;
  /** Resolves when the tool is to end. */
  untilStopped(): Promise<void>;
}

/**
 * Runs `nudge-emulator` until it is stopped and returns its exit code: 0 after a clean end, 1 where it could not
 * listen, 2 for a command line that makes no sense.
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  let command: CliCommand;
  let emulator: NudgeEmulator;
  try {
    command = parseCliArguments(argv);
    if (command === 'help') {
      io.print(HELP);
      return 0;
    }
    if (command === 'version') {
      io.print(`${await packageVersion()}\n`);
      return 0;
    }
    emulator = await NudgeEmulator.start(command.start);
  } catch (error) {
    io.printError(`nudge-emulator: ${oneLine(error)}\n`);
    return isUsageError(error) ? 2 : 1;
  }
  io.print(greeting(emulator, command.start));
  await io.untilStopped();
  await emulator.stop();
  return 0;
}

function greeting(emulator: NudgeEmulator, { apiKeys, admin }: NudgeEmulatorOptions): string {
  // Keys that were handed in are never printed: somebody will pass a real one.
  const key = apiKeys === undefined ? DEFAULT_EMULATOR_API_KEY : '<a key you passed with --api-key>';
  const lines = [
    `The Nudge emulator listens at ${emulator.url}`,
    '',
    'Point an application to it:',
    `  NUDGE_BASE_URL=${emulator.url}`,
    `  NUDGE_API_KEY=${key}`,
    '',
    'Ask it for a token:',
    `  curl -H 'apikey: ${key}' '${emulator.url}/clients/jwt/token?expiryMins=60'`,
  ];
  if (admin !== false) {
    lines.push(
      '',
      `Let it misbehave (admin routes: ${emulator.adminUrl}):`,
      `  curl -X POST ${emulator.adminUrl}/faults -d '{"kind":"status","status":503,"times":3}'`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function isUsageError(error: unknown): boolean {
  return (
    error instanceof EmulatorInputError ||
    String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  );
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Of Node's own messages the first sentence; what follows is advice on positional arguments, which there are none.
  return message.split(/\n|\. To specify/)[0] ?? message;
}

async function packageVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
