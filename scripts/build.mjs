/*
 * Builds the package twice from the same sources: as ES modules into dist/, and as CommonJS into dist/cjs/ for hosts
 * whose Node or test runner cannot `require` an ES module. The command line tools are only ES modules.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CJS = join(ROOT, 'dist/cjs');
const require = createRequire(import.meta.url);

/** Runs a program of an installed package. If it fails, this process ends with its exit code. */
function run(packageName, program, args) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const script = join(dirname(manifest), require(manifest).bin[program]);
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

run('@nestjs/cli', 'nest', ['build']);
run('typescript', 'tsc', ['--project', 'tsconfig.cjs.json']);

for (const folder of [join(ROOT, 'dist'), CJS]) {
  cpSync(join(ROOT, 'peers'), join(folder, 'peers'), { recursive: true });
}

// Only the package.json at the root maps `#peers/…`. Files below dist/cjs/package.json need relative paths instead.
for (const path of readdirSync(CJS, { recursive: true })) {
  if (!path.endsWith('.js')) continue;
  const file = join(CJS, path);
  const text = readFileSync(file, 'utf8');
  const toPeers = relative(dirname(file), join(CJS, 'peers')).replaceAll('\\', '/');
  const byPath = text.replaceAll(/require\("#peers\/(.+?)"\)/g, `require("${toPeers}/$1.cjs")`);
  if (byPath !== text) writeFileSync(file, byPath);
}

// Node reads `type` and bundlers read `sideEffects` from the nearest package.json.
const { sideEffects } = require('../package.json');
writeFileSync(join(CJS, 'package.json'), `${JSON.stringify({ type: 'commonjs', sideEffects })}\n`);
