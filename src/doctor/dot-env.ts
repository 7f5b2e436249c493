import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { systemErrorCodeOf } from '../common/error-kind.js';

/**
 * The variables of this package in a folder's `.env`. `ConfigModule.forRoot()` reads them, too. In both cases a
 * variable of the process takes precedence.
 */
export function dotEnvVariables(folder: string): NodeJS.ProcessEnv {
  try {
    const variables = parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
    return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('NUDGE_')));
  } catch (error) {
    // There is no such file, or this user may not read it: the application cannot read it either.
    if (systemErrorCodeOf(error) !== undefined) return {};
    throw error;
  }
}
