/*
 * Builds the package: the compiler writes one file for each source file into compiled/, then rollup joins them into a
 * few files for each entry point, once as ES modules into dist/, and once as CommonJS into dist/cjs/ for hosts whose Node or test
 * runner cannot `require` an ES module. The command line tools are only ES modules. compiled/ stays, for tools of this
 * repository that look at single files.
 *
 * Many commands build first. This script does nothing while compiled/ and dist/ still hold, unchanged, what it built from
 * the same inputs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { isUpToDate, noteBuilt } from './up-to-date.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILED = join(ROOT, 'compiled');
const DIST = join(ROOT, 'dist');
const CJS = join(DIST, 'cjs');
const require = createRequire(import.meta.url);
const manifest = require('../../package.json');

/** Runs a program of an installed package. */
async function run(packageName, program, args) {
  const path = require.resolve(`${packageName}/package.json`);
  const script = join(dirname(path), require(path).bin[program]);
  const [code] = await once(
    spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' }),
    'exit',
  );
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}`);
}

function withoutFolder(file) {
  return file.replace(/^\.\/dist\//, '').replace(/\.js$/, '');
}

/** The files that package.json's `exports` lead to, without their ending. */
const ENTRIES = Object.values(manifest.exports)
  .filter((target) => typeof target === 'object')
  .map((target) => withoutFolder(target.import.default));
const COMMAND_LINE = withoutFolder(`./${manifest.bin['nestjs-nudge-auth']}`);
/** `nest add` requires this file. */
const SCHEMATIC = 'schematics/index';
/** The drill and the tests of traces override the clock of the built package by its injection token. */
const INJECTION_TOKENS = 'common/injection-tokens';

async function build() {
  for (const folder of [COMPILED, DIST]) rmSync(folder, { recursive: true, force: true });
  await run('@nestjs/cli', 'nest', ['build']);
  await Promise.all([
    bundle({
      from: COMPILED,
      to: DIST,
      entries: [...ENTRIES, COMMAND_LINE, INJECTION_TOKENS],
      format: 'es',
    }),
    bundle({ from: COMPILED, to: CJS, entries: [...ENTRIES, SCHEMATIC], format: 'cjs' }),
  ]);

  for (const folder of [DIST, CJS]) {
    cpSync(join(ROOT, 'peers'), join(folder, 'peers'), { recursive: true });
    copyTypes(folder);
  }

  // Only the package.json at the root maps `#peers/…`. Files below dist/cjs/package.json need relative paths instead.
  for (const path of readdirSync(CJS, { recursive: true })) {
    if (!path.endsWith('.js')) continue;
    const file = join(CJS, path);
    const text = readFileSync(file, 'utf8');
    const toPeers = relative(dirname(file), join(CJS, 'peers')).replaceAll('\\', '/');
    const byPath = text.replaceAll(/require\('#peers\/(.+?)'\)/g, `require('${toPeers}/$1.cjs')`);
    if (byPath !== text) writeFileSync(file, byPath);
  }

  // Node reads `type` and bundlers read `sideEffects` from the nearest package.json.
  const { sideEffects } = manifest;
  writeFileSync(join(CJS, 'package.json'), `${JSON.stringify({ type: 'commonjs', sideEffects })}\n`);
}

/** The types of both builds are the same. They stay one file for each source file. No host imports the command line. */
function copyTypes(folder) {
  cpSync(COMPILED, folder, {
    recursive: true,
    filter: (path) =>
      path !== join(COMPILED, dirname(COMMAND_LINE)) &&
      (statSync(path).isDirectory() || path.endsWith('.d.ts')),
  });
}

if (!isUpToDate(ROOT)) {
  try {
    await build();
    noteBuilt(ROOT);
  } catch (error) {
    // The compiler has printed what is wrong.
    console.error(error.message);
    process.exitCode = 1;
  }
}
