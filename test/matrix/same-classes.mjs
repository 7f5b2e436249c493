/* Runs in an application. `require` and `import` must give the same values, or Nest would see two copies of each class. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const name = 'nestjs-nudge-auth';
const manifest = JSON.parse(await readFile(require.resolve(`${name}/package.json`), 'utf8'));

const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');
for (const subpath of subpaths) {
  const specifier = name + subpath.slice(1);
  const imported = await import(specifier);
  const required = require(specifier);
  for (const [key, value] of Object.entries(imported))
    assert.equal(required[key], value, `${specifier}: ${key}`);
}
