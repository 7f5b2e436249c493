import * as v from 'valibot';

/**
 * An option or a fault for the emulator is wrong. The error lists every problem. It never repeats a value, which may be
 * a key.
 *
 * @publicApi
 */
export class EmulatorInputError extends Error {
  override readonly name = 'EmulatorInputError';
  /** One sentence for each problem. Each begins with the path of the wrong value. */
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(`Invalid ${subject}: ${problems.join('; ')}`);
    this.problems = problems;
    // The message lists the problems. Node would print them a second time below it.
    Object.defineProperty(this, 'problems', { enumerable: false });
  }
}

/** The parsed value, or all its problems. */
export type Parsed<Value> = { readonly value: Value } | { readonly problems: readonly string[] };

/**
 * @param path the path of the value. Every problem begins with it, joined by dots.
 * @internal
 */
export function parse<Output>(
  schema: v.GenericSchema<unknown, Output>,
  input: unknown,
  path: readonly PropertyKey[] = [],
): Parsed<Output> {
  const { success, output, issues } = v.safeParse(schema, input);
  if (success) return { value: output };
  return {
    problems: issues.map((issue) =>
      problem([...path, ...(issue.path ?? []).map(({ key }) => String(key))], issue.message),
    ),
  };
}

export function problemsOf(parsed: Parsed<unknown>): readonly string[] {
  return 'problems' in parsed ? parsed.problems : [];
}

/**
 * @throws {EmulatorInputError} when the value is wrong. The error lists every problem.
 * @internal
 */
export function parseInput<Output>(
  subject: string,
  schema: v.GenericSchema<unknown, Output>,
  input: unknown,
): Output {
  const result = parse(schema, input);
  if ('problems' in result) throw new EmulatorInputError(subject, result.problems);
  return result.value;
}

/** One problem, with the path of the value. */
export function problem(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}

const MOST_NAMES_SHOWN = 10;

/** The problem of a name that no account has. */
export function unknownAccount(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ');
  const others = names.length - MOST_NAMES_SHOWN;
  return `no account has this name; the accounts are: ${shown}${others > 0 ? ` and ${others} more` : ''}`;
}
