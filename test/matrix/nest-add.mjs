/*
 * Tests `nest add nestjs-nudge-auth` in new applications of `nest new`: packs the package, adds it, and builds, lints
 * and tests the application with the template's own configuration. `npm run test:nest-add` runs all cells;
 * NEST_ADD_CELL=<part of a name> selects some.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { environment, run } from './processes.mjs';
import { startRegistry } from './registry.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const PEERS_OF_NEST_11 = { '@nestjs/axios': '4', '@nestjs/config': '4', '@nestjs/passport': '11' };
const PEERS_OF_NEST_12 = { '@nestjs/axios': '12', '@nestjs/config': '12', '@nestjs/passport': '12' };

const CELLS = [
  {
    name: 'Nest 11, former template',
    makers: ['@nestjs/cli@11.0.0', '@nestjs/schematics@11.0.0'],
    peers: PEERS_OF_NEST_11,
  },
  {
    name: 'Nest 11, newest template',
    makers: ['@nestjs/cli@11'],
    peers: PEERS_OF_NEST_11,
    fromRegistry: true,
  },
  { name: 'Nest 12, ES modules', makers: ['@nestjs/cli@12'], peers: PEERS_OF_NEST_12 },
  // The template's jest cannot load Nest 12 on an older Node.
  {
    name: 'Nest 12, CommonJS',
    makers: ['@nestjs/cli@12'],
    flags: ['--type=cjs'],
    peers: PEERS_OF_NEST_12,
    node: '24',
  },
];

/** The files of the template that `nest add` may change. All others must stay as they were. */
const CHANGED = ['package.json', 'src/app.module.ts'];
const CREATED = ['.env', '.env.example', 'src/nudge/nudge.module.ts', 'test/nudge.e2e-spec.ts'];

/** The folder of that version of Node and its npm; `undefined` for the Node that runs this test. */
async function nodeFolderOf(node) {
  if (node === undefined) return undefined;
  const print = ['-y', `--package=node@${node}`, '--', 'node', '-p', 'process.execPath'];
  return dirname((await run('npx', print, { cwd: tmpdir() })).trim());
}

/** The text of every file of the application, by path, without packages and build output. */
async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/^(node_modules|dist)\/|\.tsbuildinfo$/.test(path));
  const texts = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')]),
  );
  return Object.fromEntries(texts);
}

function changedPaths(earlier, later) {
  const paths = new Set([...Object.keys(earlier), ...Object.keys(later)]);
  return [...paths].filter((path) => earlier[path] !== later[path]).toSorted();
}

async function installedMajor(folder, name) {
  const { version } = JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
  return version.split('.')[0];
}

/** Starts the built application with only its .env, and ends it with SIGTERM. */
function bootAndStop(cwd, env) {
  return new Promise((resolve, reject) => {
    const app = spawn('node', ['dist/main.js'], { cwd, env: { ...env, PORT: '0' } });
    let output = '';
    const collect = (chunk) => {
      output += chunk;
      if (output.includes('successfully started')) app.kill('SIGTERM');
    };
    app.stdout.on('data', collect);
    app.stderr.on('data', collect);
    app.once('error', reject);
    app.once('exit', (code, signal) => {
      if (signal === 'SIGTERM') resolve(output);
      else reject(new Error(`The application ended by itself (${signal ?? code}):\n${output}`));
    });
  });
}

const wanted = process.env.NEST_ADD_CELL ?? '';
const cells = CELLS.filter(({ name }) => name.includes(wanted));
assert.notEqual(cells.length, 0, `NEST_ADD_CELL=${wanted} names no cell`);

let workshop;
let tarball;

before(async () => {
  workshop = await mkdtemp(join(tmpdir(), 'nudge-auth-nest-add-'));
  await run('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', workshop];
  const [{ filename }] = Object.values(JSON.parse(await run('npm', pack, { cwd: ROOT })));
  tarball = join(workshop, filename);
});

after(async () => {
  await rm(workshop, { recursive: true, force: true });
});

for (const [index, cell] of cells.entries()) {
  describe(cell.name, () => {
    let folder;
    let env;
    let added;

    const npm = (...args) => run('npm', args, { cwd: folder, env });
    const nestAdd = (...flags) => run('nest', ['add', 'nestjs-nudge-auth', ...flags], { cwd: folder, env });

    before(async () => {
      const nodeFolder = await nodeFolderOf(cell.node);
      const maker = await mkdtemp(join(workshop, 'maker-'));
      folder = join(maker, `app-${index}`);
      // The variable CI keeps the Nest CLI from asking questions.
      env = environment({ nodeFolder, cwd: folder, more: { CI: 'true' } });
      await run('npm', ['install', '--silent', '--prefix', maker, ...cell.makers], { cwd: maker, env });
      // `nest new` runs this schematic, but would ask for the module system.
      const schematics = join(maker, 'node_modules/@angular-devkit/schematics-cli/bin/schematics.js');
      const flags = [`--name=app-${index}`, '--no-interactive', ...(cell.flags ?? [])];
      await run('node', [schematics, '@nestjs/schematics:application', ...flags], { cwd: maker, env });
      await npm('install', '--silent');
    });

    it('gets the module and the peers for its major version of Nest', async () => {
      const fresh = await filesOf(folder);
      if (cell.fromRegistry) {
        const registry = await startRegistry({
          tarball,
          upstream: (await npm('config', 'get', 'registry')).trim(),
        });
        try {
          const throughRegistry = { ...env, npm_config_registry: registry.url };
          await run('nest', ['add', 'nestjs-nudge-auth'], { cwd: folder, env: throughRegistry });
        } finally {
          await registry.stop();
        }
      } else {
        await npm('install', '--silent', tarball);
        const installed = await filesOf(folder);
        await nestAdd('--skip-install', '--dry-run');
        assert.deepEqual(changedPaths(installed, await filesOf(folder)), []);
        await nestAdd('--skip-install');
        await npm('install', '--silent');
      }
      added = await filesOf(folder);
      assert.deepEqual(
        changedPaths(fresh, added).filter((path) => path !== 'package-lock.json'),
        [...CHANGED, ...CREATED].toSorted(),
      );
      for (const [name, major] of Object.entries(cell.peers)) {
        assert.equal(await installedMajor(folder, name), major, name);
      }
    });

    it('stays unchanged after a second run', async () => {
      await nestAdd('--skip-install');
      assert.deepEqual(changedPaths(added, await filesOf(folder)), []);
    });

    it('passes its own lint without a change', async () => {
      await npm('run', 'lint');
      assert.deepEqual(changedPaths(added, await filesOf(folder)), []);
    });

    it('builds, starts with the new .env, and ends on SIGTERM', async () => {
      await npm('run', 'build');
      assert.match(await bootAndStop(folder, env), /Mapped \{\/nudge\/token, GET\}/);
    });

    it('passes its own unit tests', () => npm('test'));

    it('passes its own e2e tests and the one that was added', () => npm('run', 'test:e2e'));
  });
}
