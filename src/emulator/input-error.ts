import type { z } from 'zod';

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

/** @throws {EmulatorInputError} naming all that the schema objects to. */
export function parseInput<Output>(subject: string, schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new EmulatorInputError(
    subject,
    result.error.issues.map((issue) =>
      issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`,
    ),
  );
}
