import * as v from 'valibot';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';

/**
 * The options with their defaults.
 *
 * @param subject what the error is about: `NudgeAuthModule`, or `NudgeAuthModule "name"`.
 * @param order the names of the options, in which the problems are listed.
 * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
 */
export function checkOptions<Output>(
  schema: v.GenericSchema<unknown, Output>,
  given: unknown,
  subject: string,
  order: readonly string[] = [],
): Output {
  const { success, output, issues } = v.safeParse(schema, given);
  if (success) return output;
  const problems = issues
    .map(({ path, message }) => ({ path: path?.map(({ key }) => String(key)) ?? ['options'], message }))
    .toSorted((a, b) => order.indexOf(a.path[0] ?? '') - order.indexOf(b.path[0] ?? ''))
    .map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new InvalidNudgeAuthOptionsError(subject, problems);
}
