import { z } from 'zod';

/** An option or a fault given to the emulator is not usable. Lists every problem; never repeats a value, which may be a key. */
export class EmulatorInputError extends Error {
  override readonly name = 'EmulatorInputError';
  /** What is wrong, one sentence each, led by where. */
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(`Invalid ${subject}: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** An object with these fields and no others. Its error names the fields that there are. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const fields = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.join(', ')}; there are: ${fields}`
        : `must be an object with: ${fields}`,
  });
}

/** A value as it was meant, or all that is wrong with it. */
export type Parsed<Value> = { readonly value: Value } | { readonly problems: readonly string[] };

/** @param path where the value stands; every problem begins with it, joined by dots. */
export function parse<Output>(
  schema: z.ZodType<Output>,
  input: unknown,
  path: readonly PropertyKey[] = [],
): Parsed<Output> {
  const result = schema.safeParse(input, { error: messageOf });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.map((issue) => problem([...path, ...issue.path], issue.message)) };
}

export function problemsOf(parsed: Parsed<unknown>): readonly string[] {
  return 'problems' in parsed ? parsed.problems : [];
}

/** @throws {EmulatorInputError} naming all that the schema objects to. */
export function parseInput<Output>(subject: string, schema: z.ZodType<Output>, input: unknown): Output {
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

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
};

/** What the value must be. Where this returns `undefined`, the schema library's own words stand. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type')
    return `must be ${EXPECTED[issue.expected] ?? `of type ${issue.expected}`}`;
  if (issue.code === 'invalid_value') {
    return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  }
  // What is wrong with the name of a field, where the caller chooses names.
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  if (issue.code === 'too_small') {
    return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`;
  }
  return issue.code === 'too_big' ? `must be at most ${issue.maximum}` : undefined;
}
