import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RUN_THE_DOCTOR } from '../common/doctor-hint.js';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import { systemErrorCodeOf } from '../common/error-kind.js';
import { withoutTrailing } from '../common/without-trailing.js';
import { apiKeyProblem } from '../vendor/api-key-problem.js';
import type { ApiKeyOption } from './api-key-rule.js';
import { nudgeAuthOptions, type NudgeClientScopeOptions } from './nudge-auth.options.js';
import { variableOf } from './option-rules.js';

/** A mounted secret usually ends with a line break that does not belong to it. */
function withoutLineBreaks(content: string): string {
  return withoutTrailing(content, '\r\n');
}

/** Reads a variable, or the file that its `…_FILE` variable names. An empty variable counts as not set. */
class Environment {
  readonly problems: OptionProblem[] = [];
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  text(name: string): string | undefined {
    const path = this.#filePath(name);
    if (path === undefined) return nonEmpty(this.#variables[name]);
    try {
      return withoutLineBreaks(readFileSync(path, 'utf8'));
    } catch (error) {
      this.#report(
        `${name}_FILE`,
        `names a file that cannot be read (${systemErrorCodeOf(error) ?? 'for no reason given'})`,
      );
      return undefined;
    }
  }

  /** For a key in a file, returns a function that reads the file anew: a mounted secret may change while the process runs. */
  key(name: string): ApiKeyOption | undefined {
    const value = this.text(name);
    const path = this.#filePath(name);
    if (path === undefined || value === undefined) return value;
    const problem = apiKeyProblem(value);
    if (problem !== undefined) this.#report(`${name}_FILE`, `names a file whose content ${problem}`);
    return async () => withoutLineBreaks(await readFile(path, 'utf8'));
  }

  /** `NaN` for a text that is not a number: the check of the option then says what it must be. */
  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value.trim() === '' ? Number.NaN : value);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name)?.trim().toLowerCase();
    if (value === undefined) return undefined;
    if (value === 'true' || value === '1') return true;
    if (value !== 'false' && value !== '0') this.#report(name, 'must be true or false');
    return false;
  }

  #filePath(name: string): string | undefined {
    const path = nonEmpty(this.#variables[`${name}_FILE`]);
    if (path !== undefined && nonEmpty(this.#variables[name]) !== undefined) {
      this.#report(name, `is set, and so is ${name}_FILE: keep one of the two`);
    }
    return path;
  }

  #report(path: string, message: string): void {
    if (!this.problems.some((problem) => problem.path === path)) this.problems.push({ path, message });
  }
}

/** A compose file with `${NAME:-}` passes a variable that the host has not set as an empty one. */
function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/**
 * Reads the module's options from the environment. An option that the environment does not set is left out: its default
 * applies, and the module's check reports a missing key together with every other problem.
 *
 * @throws {InvalidNudgeAuthOptionsError} if a file cannot be read, if a variable and its `…_FILE` variable are both set, or
 * if a flag is neither true nor false.
 */
export function readEnvironmentOptions(variables = process.env): NudgeClientScopeOptions {
  const environment = new Environment(variables);
  const options: Record<string, unknown> = {};
  for (const [option, schema] of Object.entries(nudgeAuthOptions)) {
    const variable = variableOf(schema);
    const value = variable && environment[variable.kind](variable.name);
    if (value !== undefined) options[option] = value;
  }
  if (environment.problems.length > 0) {
    throw new InvalidNudgeAuthOptionsError(
      'nudgeAuthConfig (environment)',
      environment.problems,
      RUN_THE_DOCTOR,
    );
  }
  return options as unknown as NudgeClientScopeOptions;
}
