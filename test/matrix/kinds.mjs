/* How each kind of cell runs. A cell that fails throws. */
import assert from 'node:assert/strict';
import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILDERS } from './builders.mjs';
import { useFastify } from './host.mjs';
import { MANAGERS } from './managers.mjs';
import { environment, run } from './processes.mjs';
import { API_KEY, assertServes, JWT_SECRET, withNudge } from './served.mjs';
import { APPLICATIONS } from './cells.mjs';
import { QUIET } from './workshop.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const VARIANTS = here('variants');

/** For the template's own tests, which boot the application but fetch no token. */
const TEST_SETTINGS = { NUDGE_API_KEY: API_KEY, NUDGE_BASE_URL: 'http://127.0.0.1:9/api', JWT_SECRET };

/** What the subpaths rest on. */
const OPTIONAL_PEERS = ['ioredis@5', '@nestjs/terminus@11', '@nestjs/swagger@11', '@opentelemetry/api@1'];

const compiled = new Set();
const linted = new Set();

/** Compiles and lints an application once, because the result is the same on every version of Node. */
async function compile(application, { bases, lints }) {
  if (!compiled.has(application)) {
    await bases.run(application, 'npm', ['run', '--silent', 'build'], { node: '24' });
    compiled.add(application);
  }
  if (lints && !linted.has(application)) {
    const lint = JSON.parse(await readFile(join(application, 'package.json'), 'utf8')).scripts.lint;
    await bases.run(application, 'sh', ['-c', lint.replace(' --fix', '')], { node: '24' });
    linted.add(application);
  }
}

async function whole(cell, { bases, workshop }) {
  const application = await bases.get(cell.application);
  await compile(application, { bases, lints: cell.application !== 'nest-11-former' });
  for (const script of ['test', 'test:e2e']) {
    await bases.run(application, 'npm', ['run', '--silent', script], { ...cell, more: TEST_SETTINGS });
  }
  const nodeFolder = workshop.nodeFolder(cell.node);
  await assertServes(['dist/main.js'], { cwd: application, nodeFolder, nodeOptions: cell.nodeOptions });
}

async function built(cell, { bases, workshop }) {
  const builder = BUILDERS[cell.builder];
  const packages = [...builder.packages];
  if (cell.adapter === 'fastify') {
    packages.push(`@nestjs/platform-fastify@${APPLICATIONS[cell.application].nest}`);
  }
  await bases.install(cell.application, packages);
  const application = await bases.copy(cell.application, cell);
  if (cell.adapter === 'fastify') await useFastify(application);
  await cp(here('builders'), join(application, 'builders'), { recursive: true });
  for (const [command, ...args] of builder.commands) {
    await bases.run(application, command, args, cell);
  }
  await assertServes(builder.serve, { cwd: application, nodeFolder: workshop.nodeFolder(cell.node) });
}

async function managed(cell, { bases, workshop }) {
  const application = await bases.copy(cell.application, cell, { ownPackages: true });
  const manager = MANAGERS[cell.manager];
  await manager.prepare(application);
  for (const [command, ...args] of manager.commands) {
    await bases.run(application, command, args, { ...cell, more: await manager.environment() });
  }
  await assertServes(manager.serve, { cwd: application, nodeFolder: workshop.nodeFolder(cell.node) });
}

async function resolved(cell, { bases }) {
  await bases.install(cell.application, OPTIONAL_PEERS);
  const application = await bases.copy(cell.application, cell);
  // With `node16` and `nodenext`, the extension of a file decides whether it is an ES module.
  const byExtension = cell.resolution.startsWith('node1') || cell.resolution === 'nodenext';
  const names =
    byExtension && cell.resolution !== 'node10' ? ['subpaths.cts', 'subpaths.mts'] : ['subpaths.ts'];
  for (const name of names) await cp(here('every-subpath.ts'), join(application, name));
  const options = ['--module', cell.module, '--moduleResolution', cell.resolution];
  const strict = ['--strict', '--noEmit', '--target', 'es2022', '--types', 'node', '--skipLibCheck'];
  await bases.run(application, 'tsc', [...names, ...options, ...strict], cell);
}

async function bare(cell, { bases, workshop }) {
  const application = await bases.fresh(cell.application, cell);
  await run('npm', ['install', ...QUIET, workshop.tarball], { cwd: application });
  const applicationWithNudge = await bases.copy(cell.application, { title: `${cell.title} sources` });
  for (const folder of ['src', 'test']) {
    await cp(join(applicationWithNudge, folder), join(application, folder), { recursive: true });
  }
  await cp(join(VARIANTS, 'bare'), application, { recursive: true });
  await rename(join(application, 'src/nudge/jwt.strategy.ts'), join(application, 'jwt.strategy.txt'));
  await bases.run(application, 'npm', ['run', '--silent', 'build'], cell);
  await assertServes(['dist/main.js'], { cwd: application, nodeFolder: workshop.nodeFolder(cell.node) });
}

async function variant(cell, { bases, workshop }) {
  if (cell.variant === 'microservice') await bases.install(cell.application, ['@nestjs/microservices@11']);
  const application = await bases.copy(cell.application, cell);
  await cp(join(VARIANTS, cell.variant), application, { recursive: true });
  if (cell.variant === 'jwks') {
    await bases.run(application, 'npm', ['run', '--silent', 'test:e2e'], { ...cell, more: TEST_SETTINGS });
    return;
  }
  await bases.run(application, 'npm', ['run', '--silent', 'build'], cell);
  await withNudge(async (more) => {
    const env = environment({ nodeFolder: workshop.nodeFolder(cell.node), cwd: application, more });
    const output = await run('node', ['dist/main.js'], { cwd: application, env });
    assert.match(output, /A token of 3 parts/);
  });
}

async function monorepo(cell, { bases, workshop }) {
  const application = await bases.copy(cell.application, cell);
  await bases.run(application, 'nest', ['generate', 'app', 'second'], cell);
  const { projects } = JSON.parse(await readFile(join(application, 'nest-cli.json'), 'utf8'));
  const [first] = Object.keys(projects).filter((name) => name !== 'second');
  for (const project of [first, 'second']) await bases.run(application, 'nest', ['build', project], cell);
  await assertServes([`dist/apps/${first}/main.js`], {
    cwd: application,
    nodeFolder: workshop.nodeFolder(cell.node),
  });
}

async function oldAxios(cell, { bases, workshop }) {
  const application = await bases.copy(cell.application, cell, { ownPackages: true });
  await run('npm', ['install', ...QUIET, 'axios@1.7.9'], { cwd: application });
  assert.equal(await bases.version(application, 'axios'), '1.7.9');
  await bases.run(application, 'npm', ['run', '--silent', 'build'], cell);
  await assertServes(['dist/main.js'], { cwd: application, nodeFolder: workshop.nodeFolder(cell.node) });
}

async function sameClasses(cell, { bases }) {
  const application = await bases.install(cell.application, OPTIONAL_PEERS);
  await writeFile(join(application, 'same-classes.mjs'), await readFile(here('same-classes.mjs'), 'utf8'));
  for (const node of ['20', '22', '24', 'newest']) {
    await bases.run(application, 'node', ['same-classes.mjs'], { node });
  }
}

export const KINDS = {
  whole,
  built,
  managed,
  resolved,
  bare,
  variant,
  monorepo,
  'old-axios': oldAxios,
  'same-classes': sameClasses,
};
