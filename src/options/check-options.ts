import * as v from 'valibot';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';

/**
 * Checks the options and returns them with their defaults.
 *
 * @param subject what the error names: `NudgeAuthModule`, or `NudgeAuthModule "name"`.
 * @param adviceOn returns the last line of the error, if a command can explain the problems.
 * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
 */
export function checkOptions<Output>(
  schema: v.GenericSchema<unknown, Output>,
  given: unknown,
  subject: string,
  adviceOn?: (problems: readonly OptionProblem[]) => string | undefined,
): Output {
  const { success, output, issues } = v.safeParse(schema, given);
  if (success) return output;
  const problems = issues.map(({ path, message }) => ({
    path: path?.map(({ key }) => String(key)).join('.') ?? 'options',
    message,
  }));
  throw new InvalidNudgeAuthOptionsError(subject, problems, adviceOn?.(problems));
}
