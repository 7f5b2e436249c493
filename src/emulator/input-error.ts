import * as v from 'valibot';

/**
 * An option or a fault given to the emulator is not usable. Lists every problem; never repeats a value, which may be a key.
 *
 * @publicApi
 */
export class EmulatorInputError extends Error {
  override readonly name = 'EmulatorInputError';
  /** What is wrong, one sentence each, led by where. */
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(`Invalid ${subject}: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** A value as it was meant, or all that is wrong with it. */
export type Parsed<Value> = { readonly value: Value } | { readonly problems: readonly string[] };

/**
 * @param path where the value stands; every problem begins with it, joined by dots.
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
 * @throws {EmulatorInputError} naming all that the schema objects to.
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

/** A problem and where it is. */
export function problem(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}

const MOST_NAMES_SHOWN = 10;

/** What is wrong with a name that no account has. */
export function unknownAccount(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ');
  const others = names.length - MOST_NAMES_SHOWN;
  return `there is no such account; there are: ${shown}${others > 0 ? ` and ${others} more` : ''}`;
}
