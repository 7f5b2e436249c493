import { InvalidNudgeAuthOptionsError } from '../../src/common/options-error.js';
import type { NudgeAuthOptions } from '../../src/options/nudge-auth.options.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';

/** A key that the module accepts without a warning. */
export const API_KEY = 'obviously-fake-private-key-0123456789';

/** A value that the module refuses: what it is, the options that hold it, and the one problem that they have. */
export type Refusal = [is: string, given: unknown, path: string, message: unknown];

/** The problems of the options, by path. */
export function problemsOf(given: unknown): Record<string, string> {
  try {
    resolveNudgeAuthOptions(given as NudgeAuthOptions);
  } catch (error) {
    if (!(error instanceof InvalidNudgeAuthOptionsError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

export function warningsOf(given: NudgeAuthOptions): readonly string[] {
  return resolveNudgeAuthOptions(given).warnings;
}
