import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCodeOf } from '../../common/error-kind.js';

/** The version of a package that the application in a folder loads; `undefined` if the package is not installed. */
export function installedVersion(folder: string, packageName: string): string | undefined {
  for (let place = folder; ; place = dirname(place)) {
    const version = versionIn(join(place, 'node_modules', packageName, 'package.json'));
    if (version !== undefined || place === dirname(place)) return version;
  }
}

function versionIn(path: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: unknown } | null;
    return typeof manifest?.version === 'string' ? manifest.version : undefined;
  } catch (error) {
    // This folder has no such package, or its file is not JSON: a folder above may have the package.
    if (error instanceof SyntaxError || systemErrorCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}
