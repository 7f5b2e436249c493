import { describe } from '@jest/globals';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, sep } from 'node:path';

/** The path of a program if it is installed. `name` may also be a path. */
function findProgram(name: string): string | undefined {
  const folders = name.includes(sep) ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * A `describe` for tests that need a program, under any of its names. If it is not installed, the tests are skipped and
 * a line says how to install it. In CI they fail instead, because no test may be left out there.
 */
export function describeWithProgram(
  title: string,
  { names, install }: { names: readonly [string, ...string[]]; install: string },
  tests: (path: string) => void,
): void {
  const [program] = names;
  const path = names.map(findProgram).find((found) => found !== undefined);
  if (path !== undefined) {
    describe(title, () => tests(path));
    return;
  }
  if (process.env['CI'] === 'true') throw new Error(`${title}: needs ${program} (${install})`);
  process.stderr.write(`\nNOT RUN: ${title}. It needs ${program}: ${install}\n`);
  describe.skip(title, () => tests(program));
}
