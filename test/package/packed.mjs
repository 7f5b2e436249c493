/*
 * Tests the package as npm delivers it: packs it, installs it into temporary applications outside this repository, and
 * compiles, imports and runs it there. `node --test` runs these tests. They need only Node and npm.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runAsConsumer as run } from '../support/run-as-consumer.mjs';
import { CONSUMERS, describeConsumer } from './consumers.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * How many packages an application gets with this one, itself included and peers excluded. Raise it only on purpose.
 */
const MAX_PACKAGES = 40;
const MAX_INSTALLED_BYTES = 15 * 1024 * 1024;
const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

const PUBLISHED =
  /^(package\.json|(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|(docs|bench\/results|examples\/[^/]+)\/.+\.(md|png|svg|json|yml)|schematics\/.+\.json|dist\/cjs\/package\.json|dist\/.+\.(c?js|js\.map|d\.ts))$/;

/** All files that a part of package.json names, at every depth. */
function filesIn(target) {
  return typeof target === 'string' ? [target.replace(/^\.\//, '')] : Object.values(target).flatMap(filesIn);
}

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

let workshop;
let tarball;
let packed;

before(async () => {
  workshop = await mkdtemp(join(tmpdir(), 'nudge-auth-package-'));
  // The scripts of `npm pack` build the package and write the README for the registry's page.
  const report = await run('npm', ['pack', '--json', '--pack-destination', workshop], { cwd: ROOT });
  packed = Object.values(JSON.parse(report.slice(report.search(/^[[{]/m))))[0];
  tarball = join(workshop, packed.filename);
});

after(async () => {
  await rm(workshop, { recursive: true, force: true });
});

describe('the command line without any peer', () => {
  it('diagnoses a setup and prints no key', async () => {
    const cwd = join(workshop, 'no-peers');
    await mkdir(cwd);
    await writeFile(join(cwd, 'package.json'), '{}');
    await run('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', tarball], { cwd });
    const bin = join(cwd, 'node_modules/.bin', manifest.name);
    const emulator = spawn(bin, ['emulator', '--port=0'], { cwd });
    try {
      const [greeting] = await once(emulator.stdout.setEncoding('utf8'), 'data');
      const [, NUDGE_BASE_URL] = /NUDGE_BASE_URL=(\S+)/.exec(greeting);
      const [, NUDGE_API_KEY] = /NUDGE_API_KEY=(\S+)/.exec(greeting);
      await writeFile(
        join(cwd, '.env'),
        `NUDGE_BASE_URL=${NUDGE_BASE_URL}\nNUDGE_API_KEY=${NUDGE_API_KEY}\n`,
      );
      const tool = (...args) => run('npx', ['--no', '--', manifest.name, ...args], { cwd });
      const { ok, checks } = JSON.parse(await tool('doctor', '--strict', '--json'));
      assert.ok(ok, JSON.stringify(checks));
      assert.equal(checks.find(({ name }) => name === 'call').status, 'pass');
      for (const output of [await tool('doctor'), await tool('token')]) {
        assert.ok(!output.includes(NUDGE_API_KEY));
        assert.ok(!output.includes('\u001B'));
      }
      await writeFile(join(cwd, '.env'), `NUDGE_REDIS_URL=redis://127.0.0.1:1\n`);
      await assert.rejects(tool('doctor', '--offline'), /npm install ioredis/);
    } finally {
      emulator.kill('SIGINT');
    }
  });

  it('names the missing files if its emulator was removed, as docs/security.md does, and runs its other commands', async () => {
    const cwd = join(workshop, 'no-peers');
    const page = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
    const [, removal] = /```sh\n(rm -r .+)\n```/.exec(page);
    await run('sh', ['-c', removal], { cwd });
    const tool = (...args) => run('npx', ['--no', '--', manifest.name, ...args], { cwd });
    await assert.rejects(
      tool('emulator'),
      /nestjs-nudge-auth emulator: Cannot find module '.+emulator-command\.js'/,
    );
    assert.match(await tool('key'), /^[\w+/=-]{40,}/m);
  });
});

describe('the tarball', () => {
  it('holds only files that are meant to be published', (context) => {
    const paths = packed.files.map(({ path }) => path);
    context.diagnostic(`${paths.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`);
    const stray = paths.filter((path) => !PUBLISHED.test(path) || /\.spec\./.test(path));
    assert.deepEqual(stray, []);
    const { main, types, typesVersions, exports, bin } = manifest;
    const targets = filesIn([main, types, typesVersions, exports, bin]);
    const missing = [...targets, 'README.md', 'LICENSE'].filter((path) => !paths.includes(path));
    assert.deepEqual(missing, []);
  });

  it('holds no path of the machine that built it', async () => {
    const folder = join(workshop, 'unpacked');
    await mkdir(folder);
    await run('tar', ['-xzf', tarball, '-C', folder], { cwd: workshop });
    for (const file of await filesBelow(folder)) {
      const text = await readFile(file, 'utf8');
      for (const path of [ROOT, homedir(), tmpdir()])
        assert.ok(!text.includes(`${path}/`), `${file}: ${path}`);
    }
  });

  it('has no import() in its CommonJS build, which jest refuses', async () => {
    for (const file of await filesBelow(join(ROOT, 'dist/cjs'))) {
      if (!file.endsWith('.js')) continue;
      // Comments may mention import().
      assert.doesNotMatch(await readFile(file, 'utf8'), /^(?!\s*(\*|\/[*/])).*\bimport\(/m, file);
    }
  });

  it('has no file that needs those of the emulator, which docs/security.md removes from an image', async () => {
    for (const folder of ['dist', 'dist/cjs']) {
      for (const file of await filesBelow(join(ROOT, folder))) {
        if (!file.endsWith('.js') || /[\\/]emulator[\\/]/.test(file)) continue;
        const needed = /(?:from |^import |require\()'[./]+\/emulator\//m;
        assert.doesNotMatch(await readFile(file, 'utf8'), needed, file);
      }
    }
  });

  it('has no types that import an internal subpath', async () => {
    for (const file of await filesBelow(join(ROOT, 'dist'))) {
      if (file.endsWith('.d.ts')) assert.doesNotMatch(await readFile(file, 'utf8'), /['"]#peers/, file);
    }
  });

  it("has a README whose links lead from the registry's page to files of the tarball", async () => {
    const folder = join(workshop, 'readme');
    await mkdir(folder);
    await run('tar', ['-xzf', tarball, '-C', folder, 'package/README.md'], { cwd: workshop });
    const text = await readFile(join(folder, 'package/README.md'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)]+)\)|src="([^"]+)"/g)].map(
      ([, link, source]) => link ?? source,
    );
    const base = `https://unpkg.com/${manifest.name}@${manifest.version}/`;
    const paths = new Set(packed.files.map(({ path }) => path));
    const isGood = (link) =>
      link.startsWith(base) ? paths.has(link.slice(base.length).split('#')[0]) : /^(#|https:)/.test(link);
    assert.ok(links.length > 10);
    assert.deepEqual(
      links.filter((link) => !isGood(link)),
      [],
    );
    assert.doesNotMatch(await readFile(join(ROOT, 'README.md'), 'utf8'), /unpkg\.com/);
  });

  it('installs few packages and bytes', async (context) => {
    const cwd = join(workshop, 'alone');
    await mkdir(cwd);
    await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true }));
    const options = ['--legacy-peer-deps', '--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, tarball], { cwd });
    const lock = JSON.parse(await readFile(join(cwd, 'package-lock.json'), 'utf8'));
    const packages = Object.keys(lock.packages).length - 1;
    const files = await filesBelow(join(cwd, 'node_modules'));
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    context.diagnostic(
      `${packages} packages, ${(bytes / 1024 / 1024).toFixed(1)} MiB installed, peers aside`,
    );
    assert.ok(packages <= MAX_PACKAGES, `${packages} packages`);
    assert.ok(bytes <= MAX_INSTALLED_BYTES, `${bytes} bytes`);
  });

  it('has docstrings in its types', async () => {
    const types = await readFile(join(ROOT, 'dist/service/nudge-token.service.d.ts'), 'utf8');
    assert.match(types, /\/\*\*[^/]+\*\/\s+getToken\(/);
  });

  it('passes publint', async () => {
    const report = await run('npx', ['--no', '--', 'publint', 'run', tarball, '--strict'], { cwd: ROOT });
    assert.match(report, /All good/);
  });

  it('passes attw with every resolver, including node10', async () => {
    const attw = ['attw', tarball, '--format', 'json'];
    const { analysis } = JSON.parse(await run('npx', ['--no', '--', ...attw], { cwd: ROOT }));
    assert.deepEqual(Object.keys(analysis.entrypoints), Object.keys(manifest.exports));
  });
});

for (const consumer of CONSUMERS) describeConsumer(consumer, () => ({ workshop, tarball }));
