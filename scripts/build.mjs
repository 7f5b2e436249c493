/*
 * Builds the package twice from the same sources: as ES modules into dist/, and as CommonJS into dist/cjs/, for hosts
 * whose Node or test runner cannot `require` an ES module. The command line tools are ES modules alone.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Runs a program of one of the packages that are installed here; ends with its exit code when it fails. */
function run(packageName, program, args) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const script = join(dirname(manifest), require(manifest).bin[program]);
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

run('@nestjs/cli', 'nest', ['build']);
run('typescript', 'tsc', ['--project', 'tsconfig.cjs.json']);

for (const folder of ['dist', 'dist/cjs'])
  cpSync(join(ROOT, 'peers'), join(ROOT, folder, 'peers'), { recursive: true });

// The nearest package.json counts: what a .js file is, what bundlers may leave out, and where `#peers/…` is.
const { sideEffects } = require('../package.json');
const manifest = { type: 'commonjs', sideEffects, imports: { '#peers/*': './peers/*.cjs' } };
writeFileSync(join(ROOT, 'dist/cjs/package.json'), `${JSON.stringify(manifest)}\n`);
