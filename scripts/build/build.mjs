/*
 * Builds the package twice from the same sources: as ES modules into dist/, and as CommonJS into dist/cjs/ for hosts
 * whose Node or test runner cannot `require` an ES module. The command line tools are only ES modules.
 *
 * Many commands build first. This script does nothing while dist/ still holds, unchanged, what it built from the same
 * inputs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isUpToDate, noteBuilt } from './up-to-date.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = join(ROOT, 'dist');
const CJS = join(DIST, 'cjs');
const require = createRequire(import.meta.url);

/** Runs a program of an installed package. */
async function run(packageName, program, args) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const script = join(dirname(manifest), require(manifest).bin[program]);
  const [code] = await once(
    spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' }),
    'exit',
  );
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}`);
}

async function build() {
  rmSync(DIST, { recursive: true, force: true });
  await Promise.all([
    run('@nestjs/cli', 'nest', ['build']),
    run('typescript', 'tsc', ['--project', 'tsconfig.cjs.json']),
  ]);

  for (const folder of [DIST, CJS]) {
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
  const { sideEffects } = require('../../package.json');
  writeFileSync(join(CJS, 'package.json'), `${JSON.stringify({ type: 'commonjs', sideEffects })}\n`);
}

if (!isUpToDate(ROOT)) {
  try {
    await build();
    noteBuilt(ROOT);
  } catch (error) {
    // The compilers have printed what is wrong.
    console.error(error.message);
    process.exitCode = 1;
  }
}
