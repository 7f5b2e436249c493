import { CommandUsageError, type CommandIo } from '../common/command.js';
import { COMMANDS } from './commands.js';

const NAME = 'nestjs-nudge-auth';

const SUCCESS = 0;
const FAILURE = 1;
const USAGE = 2;

/**
 * Runs the command that the arguments name, and returns the exit code: 0 for success, 1 for a failure, 2 for wrong
 * arguments.
 */
export async function runCli(argv: readonly string[], version: string, io: CommandIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--help' || name === '-h') {
    io.print(help());
    return SUCCESS;
  }
  if (name === '--version') {
    io.print(`${version}\n`);
    return SUCCESS;
  }
  const listed = COMMANDS.get(name ?? '');
  if (listed === undefined) {
    io.printError(
      `${NAME}: ${name === undefined ? 'no command given' : 'unknown command'}. ${listOfCommands()}\n`,
    );
    return USAGE;
  }
  try {
    const command = await listed.load();
    if (asksForHelp(rest)) {
      io.print(command.help);
      return SUCCESS;
    }
    return await command.run(rest, io);
  } catch (error) {
    const isUsage = error instanceof CommandUsageError;
    const message = error instanceof Error ? error.message : String(error);
    const advice = isUsage ? ` (try: ${NAME} ${name} --help)` : '';
    io.printError(`${NAME} ${name}: ${message}${advice}\n`);
    return isUsage ? USAGE : FAILURE;
  }
}

function help(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  const commands = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`);
  return `Usage: ${NAME} <command> [options]

Commands:
${commands.join('\n')}

  --help       print this text; after a command, print the options of the command
  --version    print the version

Examples:
  npx ${NAME} doctor
  npx ${NAME} emulator --port 4010
  npx ${NAME} emulator --help
  npx ${NAME} key
`;
}

/** Does not repeat the unknown name: it may be a key without its option. */
function listOfCommands(): string {
  return `The commands are: ${[...COMMANDS.keys()].join(', ')} (try: ${NAME} --help)`;
}

/** Arguments after `--` are not options. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}
