import { registerAs } from '#peers/@nestjs/config';
import type { ConfigFactoryKeyHost } from '@nestjs/config';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import { systemErrorCodeOf } from '../common/system-error.js';
import { apiKeyProblem } from '../options/options-schema.js';
import type { ApiKeyOption, NudgeClientScopeOptions } from '../options/nudge-auth.options.js';

/** Mounted secrets usually end with a line break that is not part of them. */
function trimLineBreaks(content: string): string {
  return content.replace(/[\r\n]+$/, '');
}

/** Reads one variable, or the file that its `…_FILE` twin names. */
class Environment {
  readonly problems: OptionProblem[] = [];

  text(name: string): string | undefined {
    const path = this.#filePath(name);
    if (path === undefined) return process.env[name];
    try {
      return trimLineBreaks(readFileSync(path, 'utf8'));
    } catch (error) {
      this.#report(
        `${name}_FILE`,
        `names a file that cannot be read (${systemErrorCodeOf(error) ?? 'for no reason given'})`,
      );
      return undefined;
    }
  }

  /** A key from a file is read again for every call to Nudge, because mounted secrets change under a running process. */
  key(name: string): ApiKeyOption | undefined {
    const value = this.text(name);
    const path = this.#filePath(name);
    if (path === undefined || value === undefined) return value;
    const problem = apiKeyProblem(value);
    if (problem !== undefined) this.#report(`${name}_FILE`, `names a file whose content ${problem}`);
    return async () => trimLineBreaks(await readFile(path, 'utf8'));
  }

  /** `NaN` for what is no number: the option's own check says what it must be. */
  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : value.trim() === '' ? Number.NaN : Number(value);
  }

  #filePath(name: string): string | undefined {
    const path = process.env[`${name}_FILE`];
    if (path === undefined) return undefined;
    if (process.env[name] !== undefined)
      this.#report(name, `is set, and so is ${name}_FILE: keep one of the two`);
    return path;
  }

  #report(path: string, message: string): void {
    if (!this.problems.some((problem) => problem.path === path)) this.problems.push({ path, message });
  }
}

/** Leaves out what is not set, so that the defaults apply and a missing key is reported as missing. */
function readEnvironment(): NudgeClientScopeOptions {
  const environment = new Environment();
  const options = {
    apiKey: environment.key('NUDGE_API_KEY'),
    fallbackApiKey: environment.key('NUDGE_FALLBACK_API_KEY'),
    defaultExpiryMins: environment.number('NUDGE_DEFAULT_EXPIRY_MINS'),
    baseUrl: environment.text('NUDGE_BASE_URL'),
  };
  if (environment.problems.length > 0) {
    throw new InvalidNudgeAuthOptionsError('nudgeAuthConfig (environment)', environment.problems);
  }
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  // A missing key is let through: the module's own check names it together with every other problem.
  return Object.fromEntries(set) as unknown as NudgeClientScopeOptions;
}

/**
 * The module's options from the environment alone: `NUDGE_API_KEY`, `NUDGE_FALLBACK_API_KEY`,
 * `NUDGE_DEFAULT_EXPIRY_MINS` and `NUDGE_BASE_URL`, each also as `…_FILE`, the path of a mounted secret.
 *
 * @example
 * imports: [ConfigModule.forRoot(), NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider())]
 *
 * @throws {InvalidNudgeAuthOptionsError} at boot: when a file cannot be read, or a variable and its file are both set.
 */
export const nudgeAuthConfig: typeof readEnvironment & ConfigFactoryKeyHost<NudgeClientScopeOptions> =
  registerAs('nudgeAuth', readEnvironment);
