import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { systemErrorCodeOf } from '../common/system-error.js';

/**
 * The variables of a folder's `.env` that are this package's own. `ConfigModule.forRoot()` reads them too; a variable
 * that the process has wins there and here.
 */
export function dotEnvVariables(folder: string): NodeJS.ProcessEnv {
  try {
    const variables = parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
    return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('NUDGE_')));
  } catch (error) {
    // No such file, or none that this user may read: the application cannot read it either.
    if (systemErrorCodeOf(error) !== undefined) return {};
    throw error;
  }
}
