import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The parts of the process that a command uses. */
export interface CommandIo {
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  printError(text: string): void;
  /** Resolves when the user ends the command: SIGINT (Ctrl-C) or SIGTERM. */
  untilStopped(): Promise<void>;
  /** Reads standard input to its end. */
  readInput(): Promise<string>;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether standard output and standard error are terminals. */
  readonly isTerminal: { readonly output: boolean; readonly errors: boolean };
}

/** One command of the command line. */
export interface Command {
  /** What `--help` prints, examples included. */
  readonly help: string;
  /**
   * Runs the command to its end and returns the exit code.
   *
   * @param argv the arguments after the command's name; never `--help`.
   * @throws {CommandUsageError} when the arguments are wrong.
   */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}

/** The arguments are wrong. The message is one line and repeats no value: a value may be a key. */
export class CommandUsageError extends Error {
  override readonly name = 'CommandUsageError';
}

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** The value of each option on the command line. */
type OptionValues<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>['values'];

/**
 * The values of a command's options, for a command that takes only options.
 *
 * @throws {CommandUsageError} for an unknown option, a missing value, or an argument that is no option.
 */
export function parseOptions<const Options extends OptionsConfig>(
  argv: readonly string[],
  options: Options,
): OptionValues<Options> {
  const { values, positionals } = parseArguments(argv, options);
  if (positionals.length === 0) return values;
  throw new CommandUsageError('takes options only');
}

/**
 * The values of a command's options, and its other arguments.
 *
 * @throws {CommandUsageError} for an unknown option or a missing value.
 */
export function parseArguments<const Options extends OptionsConfig>(
  argv: readonly string[],
  options: Options,
): { values: OptionValues<Options>; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as TypeError;
    // The first sentence says what is wrong. The rest is advice for arguments that no command takes.
    throw new CommandUsageError(message.split(/\n|\. To /)[0] ?? message, { cause: error });
  }
}
