import { RUN_THE_DOCTOR } from '../common/doctor-hint.js';
import type { OptionProblem } from '../common/options-error.js';
import { nudgeAuthOptions, type NudgeAuthOptions } from './nudge-auth.options.js';
import { variableOf } from './option-rules.js';

/** The options that an application usually takes from the environment, which the doctor reads too. */
const FROM_ENVIRONMENT = new Set(
  Object.entries(nudgeAuthOptions)
    .filter(([, schema]) => variableOf(schema) !== undefined)
    .map(([option]) => option),
);

/** Names the doctor if it finds the cause of one of the problems. With tenants, the account is not in the environment. */
export function doctorAdvice(
  problems: readonly OptionProblem[],
  { tenants }: Partial<NudgeAuthOptions>,
): string | undefined {
  const finds = tenants === undefined && problems.some(({ path }) => FROM_ENVIRONMENT.has(path));
  return finds ? RUN_THE_DOCTOR : undefined;
}
