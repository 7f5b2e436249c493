import { brand, isBranded } from './errors.js';

/**
 * One problem of a configuration.
 *
 * @publicApi
 */
export interface OptionProblem {
  /** The option, as a path: `http.timeoutMs`. */
  readonly path: string;
  /** What is wrong and how to mend it. Never quotes a secret. */
  readonly message: string;
}

/**
 * A configuration cannot be used. The error lists every problem with its option path and says how to mend it.
 *
 * @publicApi
 */
export class InvalidNudgeAuthOptionsError extends Error {
  static {
    brand(this.prototype, 'InvalidNudgeAuthOptionsError');
  }

  /** Also recognises the errors of a second loaded copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === InvalidNudgeAuthOptionsError
      ? isBranded(value, 'InvalidNudgeAuthOptionsError')
      : super[Symbol.hasInstance](value);
  }

  override readonly name = 'InvalidNudgeAuthOptionsError';
  readonly problems: readonly OptionProblem[];

  /**
   * @param subject the owner of the options: `NudgeAuthModule` or, for a named registration, `NudgeAuthModule "name"`.
   * @param advice a last line, for problems that a command can explain.
   */
  constructor(subject: string, problems: readonly OptionProblem[], advice?: string) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const lines = problems.map(({ path, message }) => `  - ${path}: ${message}`);
    const all = advice === undefined ? lines : [...lines, advice];
    super(`${subject} cannot start, its options have ${count}:\n${all.join('\n')}`);
    this.problems = problems;
    // The message lists the problems. Node would print them a second time below it.
    Object.defineProperty(this, 'problems', { enumerable: false });
  }
}
