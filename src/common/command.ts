import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What a command needs of its process. */
export interface CommandIo {
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  printError(text: string): void;
  /** Resolves when the user ends the command: SIGINT (Ctrl-C) or SIGTERM. */
  untilStopped(): Promise<void>;
  /** All of standard input. */
  readInput(): Promise<string>;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether a person sees what is written to standard output, and to standard error. */
  readonly isTerminal: { readonly output: boolean; readonly errors: boolean };
}

/** One command of the command line. */
export interface Command {
  /** What `--help` prints, examples included. */
  readonly help: string;
  /**
   * Runs to its end and returns the exit code.
   *
   * @param argv what stands after the command's name; never `--help`.
   * @throws {CommandUsageError} for arguments that make no sense.
   */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}

/** The arguments make no sense. The message is one line and repeats no value, which may be a key. */
export class CommandUsageError extends Error {
  override readonly name = 'CommandUsageError';
}

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** What the command line gave for each option. */
type OptionValues<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>['values'];

/**
 * The values of a command's options, for one that takes nothing else.
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
 * The values of a command's options, and what stands beside them.
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
    // The first sentence says what is wrong. What follows is advice on arguments that no command takes.
    throw new CommandUsageError(message.split(/\n|\. To /)[0] ?? message, { cause: error });
  }
}
