import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runAsConsumer as run } from '../support/run-as-consumer.mjs';

const CONSUMER = fileURLToPath(new URL('consumer', import.meta.url));
const TWO_COPIES = fileURLToPath(new URL('two-copies.mjs', import.meta.url));

const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const optionalPeers = Object.keys(manifest.peerDependenciesMeta);

/** Entry points that need an optional peer. All others can be imported without one. */
const NEEDED_PEER = {
  './config': '@nestjs/config',
  './otel': '@opentelemetry/api',
  './redis': 'ioredis',
  './swagger': '@nestjs/swagger',
  './terminus': '@nestjs/terminus',
};

/** The packages that a host application installs beside this one. */
export const CONSUMERS = [
  {
    name: 'Nest 12, without optional peers',
    packages: [
      ...['common', 'core', 'platform-express', 'passport', 'axios'].map((name) => `@nestjs/${name}@12`),
      'passport@0.7',
    ],
    typescript: 'typescript@6.0',
    hasOptionalPeers: false,
  },
  {
    name: 'Nest 11, with optional peers',
    packages: [
      ...['common', 'core', 'platform-express', 'passport'].map((name) => `@nestjs/${name}@11`),
      '@nestjs/axios@4',
      'passport@0.6',
      // The oldest supported version of each, as an application on Nest 11 may have it.
      ...optionalPeers.map((name) => `${name}@${manifest.peerDependencies[name].split(' || ')[0]}`),
    ],
    typescript: 'typescript@5.9',
    hasOptionalPeers: true,
  },
];
const COMMON_PACKAGES = [
  'passport-jwt@4',
  'reflect-metadata@0.2',
  'rxjs@7',
  '@types/node@20',
  '@types/passport-jwt@4',
];

/** @param prepared gives the folder for consumers and the tarball, when the tests run */
export function describeConsumer({ name, packages, typescript, hasOptionalPeers }, prepared) {
  describe(`a consumer with ${name}`, () => {
    let cwd;

    before(async () => {
      const { workshop, tarball } = prepared();
      cwd = join(workshop, name.replaceAll(/\W+/g, '-'));
      await mkdir(cwd);
      await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
      await run(
        'npm',
        ['install', '--prefer-offline', '--no-audit', '--no-fund'].concat(packages, COMMON_PACKAGES, [
          typescript,
          tarball,
        ]),
        { cwd },
      );
      // The same sources as an ESM and as a CommonJS package: `type` decides how they are compiled and run.
      for (const type of ['module', 'commonjs']) {
        await cp(CONSUMER, join(cwd, type), { recursive: true });
        await writeFile(join(cwd, type, 'package.json'), JSON.stringify({ type }));
      }
    });

    const sources = hasOptionalPeers ? ['app.ts', 'config-app.ts'] : ['app.ts'];
    const compile = (folder, ...options) =>
      run(
        'npx',
        ['--no', '--', 'tsc', ...sources, '--strict', '--skipLibCheck', 'false', '--target', 'es2022'].concat(
          ['--experimentalDecorators', '--emitDecoratorMetadata', '--types', 'node'],
          options,
        ),
        { cwd: join(cwd, folder) },
      );

    it('installs without a second copy of a shared package', async () => {
      const installed = await run('npm', ['ls', '--all', '--parseable'], { cwd });
      for (const shared of ['passport', '@nestjs/common', '@nestjs/core', 'axios', 'rxjs']) {
        const copies = installed.split('\n').filter((path) => path.endsWith(`/node_modules/${shared}`));
        assert.equal(copies.length, 1, shared);
      }
      const present = optionalPeers.filter((peer) => installed.includes(`/node_modules/${peer}\n`));
      assert.deepEqual(present, hasOptionalPeers ? optionalPeers : []);
    });

    it('runs as ESM', async () => {
      await compile('module', '--module', 'nodenext');
      for (const source of sources) {
        const output = await run('node', [source.replace('.ts', '.js')], { cwd: join(cwd, 'module') });
        assert.equal(output, 'served\n');
      }
    });

    it('runs as CommonJS', async () => {
      await compile('commonjs', '--module', 'nodenext');
      for (const source of sources) {
        const output = await run('node', [source.replace('.ts', '.js')], { cwd: join(cwd, 'commonjs') });
        assert.equal(output, 'served\n');
      }
    });

    it('compiles for a bundler', () =>
      compile('module', '--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit'));

    it('has one command line with the name of the package', async () => {
      const tool = (...args) => run('npx', ['--no', '--', manifest.name, ...args], { cwd });
      assert.equal((await tool('--version')).trim(), manifest.version);
      assert.match(await tool('--help'), /^ {2}emulator /m);
      assert.match(await tool('emulator', '--help'), /--port <number>/);
      assert.equal(Buffer.from(await tool('key'), 'base64').length, 32);
      await assert.rejects(tool('nonsense'), /\(2\):\n.*unknown command/);
    });

    it('ends the emulator at once on Ctrl-C, even while a request hangs', async () => {
      const bin = join(cwd, 'node_modules/.bin', manifest.name);
      const emulator = spawn(bin, ['emulator', '--port=0', '--fault={"kind":"hang"}'], { cwd });
      const ended = once(emulator, 'exit');
      const [greeting] = await once(emulator.stdout.setEncoding('utf8'), 'data');
      const [, url] = /NUDGE_BASE_URL=(\S+)/.exec(greeting);
      const hanging = assert.rejects(fetch(`${url}/clients/jwt/token?expiryMins=60`));
      const countersUrl = url.replace(/api$/, '__admin/counters');
      while ((await (await fetch(countersUrl)).json()).received === 0);
      emulator.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
      await hanging;
    });

    it('can import every entry point whose peers are installed', async () => {
      for (const [subpath, target] of Object.entries(manifest.exports)) {
        if (target.import === undefined) continue;
        const specifier = manifest.name + subpath.slice(1);
        const load = run('node', ['-e', `require('${specifier}')`], { cwd });
        const peer = NEEDED_PEER[subpath];
        if (peer === undefined || hasOptionalPeers) await load;
        else {
          const advice = new RegExp(`needs ${peer}, which is not installed: npm install ${peer}`);
          await assert.rejects(load, advice);
          await assert.rejects(run('node', ['-e', `import('${specifier}')`], { cwd }), advice);
        }
      }
    });

    // Without require(esm), Node cannot require Nest 12 at all.
    const isRequirable = packages.includes('@nestjs/core@11');
    const twoCopies = 'gets a log line with the paths of both copies if require and import load two';
    if (isRequirable)
      it(twoCopies, async () => {
        await cp(TWO_COPIES, join(cwd, 'two-copies.mjs'));
        const log = await run('node', ['--no-experimental-require-module', 'two-copies.mjs'], { cwd });
        const folder = join(cwd, 'node_modules', manifest.name, 'dist');
        assert.ok(log.includes(`is loaded 2 times: ${folder} and ${folder}/cjs.`), log);
      });
  });
}
