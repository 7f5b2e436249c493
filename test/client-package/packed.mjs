/*
 * Tests the client as a separate package: packs it, installs the tarball alone, and lets the usual frontend tools
 * resolve, bundle and run it. `node --test` runs this file. It needs npm, and chromium for the tests in a browser.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { runAsConsumer as run } from '../support/run-as-consumer.mjs';
import { ClientPage } from './client-page.mjs';
import { resolveAsMetro } from './resolve-as-metro.mjs';
import { CJS_APP, ESM_APP, NAME, TYPED_APP } from './sample-apps.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_GZIPPED_BYTES = 2_340;
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
// This line of Metro's resolver still runs on Node 20.
const TOOLS = ['esbuild@0.28', 'vite@8', 'webpack@5', 'metro-resolver@0.83', 'typescript@5.9'];

async function makeApp(folder) {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  return folder;
}

let workshop;
let tarball;
/** An application that has the package and nothing else. */
let bare;
/** An application with every tool. */
let app;
let requireTool;
const importTool = (name) => import(pathToFileURL(requireTool.resolve(name)).href);

before(async () => {
  workshop = await mkdtemp(join(tmpdir(), 'nudge-client-package-'));
  const output = await run('node', ['scripts/pack-client.mjs'], { cwd: ROOT });
  tarball = output.trim().split('\n').at(-1);
  bare = await makeApp(join(workshop, 'bare'));
  await run('npm', [...INSTALL, tarball], { cwd: bare });
  app = await makeApp(join(workshop, 'app'));
  await run('npm', [...INSTALL, tarball, ...TOOLS], { cwd: app });
  requireTool = createRequire(join(app, 'package.json'));
  await writeFile(join(app, 'app.mjs'), ESM_APP);
  await writeFile(join(app, 'app.cjs'), CJS_APP);
});

after(() => rm(workshop, { recursive: true, force: true }));

/** Runs a bundle in a folder without packages, and returns its output. */
async function runBundle(file) {
  assert.doesNotMatch(await readFile(file, 'utf8'), new RegExp(`(from|require\\()\\s*["']${NAME}`));
  const alone = join(await mkdtemp(join(workshop, 'bundle-')), 'bundle.mjs');
  await writeFile(alone, await readFile(file));
  return run('node', [alone], { cwd: dirname(alone) });
}

describe('the package', () => {
  it('installs no other package', async () => {
    const installed = await run('npm', ['ls', '--all', '--parseable'], { cwd: bare });
    assert.deepEqual(installed.trim().split('\n').slice(1), [join(bare, 'node_modules', NAME)]);
  });

  it('has a manifest that names existing files, no dependency, and the version of the repository', async () => {
    const folder = join(bare, 'node_modules', NAME);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(manifest.version, version);
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) {
      assert.equal(manifest[field], undefined, field);
    }
    const { import: esm, require: cjs } = manifest.exports['.'];
    const files = [
      manifest.main,
      manifest.module,
      manifest.types,
      ...Object.values(esm),
      ...Object.values(cjs),
    ];
    for (const file of [...files, 'README.md', 'LICENSE'])
      assert.ok((await stat(join(folder, file))).isFile());
  });

  it('has a README with absolute links only', async () => {
    const readme = await readFile(join(bare, 'node_modules', NAME, 'README.md'), 'utf8');
    for (const [, target] of readme.matchAll(/\]\(([^)]*)\)/g)) assert.match(target, /^https:\/\//);
  });

  it('passes publint and attw', async () => {
    assert.match(
      await run('npx', ['--no', '--', 'publint', 'run', tarball, '--strict'], { cwd: ROOT }),
      /All good/,
    );
    await run('npx', ['--no', '--', 'attw', tarball], { cwd: ROOT });
  });
});

describe('in Node', () => {
  for (const [way, file] of [
    ['import', 'app.mjs'],
    ['require', 'app.cjs'],
  ]) {
    it(`works with ${way}, and lets the process end although a fetch is planned`, async () => {
      assert.equal(await run('node', [join(app, file)], { cwd: app }), 'brought\n');
    });
  }
});

describe('a bundler', () => {
  it('such as esbuild makes a small bundle', async (context) => {
    const { build } = await importTool('esbuild');
    const outfile = join(app, 'esbuild.mjs');
    await build({ entryPoints: [join(app, 'app.mjs')], bundle: true, format: 'esm', outfile });
    assert.equal(await runBundle(outfile), 'brought\n');

    const { outputFiles } = await build({
      stdin: { contents: `export { createRefreshToken } from '${NAME}';`, resolveDir: app },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    });
    const { length } = gzipSync(outputFiles[0].contents, { level: 9 });
    context.diagnostic(`${outputFiles[0].contents.length} bytes minified, ${length} gzipped`);
    assert.ok(length <= MAX_GZIPPED_BYTES, `${length} bytes`);
  });

  it('such as vite makes a bundle that works', async () => {
    const { build } = await import(pathToFileURL(join(app, 'node_modules/vite/dist/node/index.js')).href);
    await build({
      root: app,
      logLevel: 'silent',
      configFile: false,
      build: { lib: { entry: 'app.mjs', formats: ['es'], fileName: () => 'vite.mjs' }, outDir: 'vite' },
    });
    assert.equal(await runBundle(join(app, 'vite/vite.mjs')), 'brought\n');
  });

  for (const file of ['app.mjs', 'app.cjs']) {
    it(`such as webpack makes a bundle of ${file} that works`, async () => {
      const webpack = requireTool('webpack');
      const stats = await new Promise((resolve, reject) => {
        webpack(
          {
            mode: 'production',
            context: app,
            entry: join(app, file),
            output: { path: join(app, 'webpack'), filename: `${file}.mjs` },
          },
          (error, result) => (error ? reject(error) : resolve(result)),
        );
      });
      assert.deepEqual(stats.toJson().errors, []);
      assert.equal(await runBundle(join(app, 'webpack', `${file}.mjs`)), 'brought\n');
    });
  }

  for (const hasExports of [false, true]) {
    it(`such as Metro finds the package ${hasExports ? 'with' : 'without'} package exports`, async () => {
      const resolver = requireTool('metro-resolver');
      const originModulePath = join(app, 'app.mjs');
      const file = resolveAsMetro(resolver, { hasExports, originModulePath, specifier: NAME });
      assert.equal(file, join(app, 'node_modules', NAME, hasExports ? 'esm/index.js' : 'cjs/index.js'));
      // Metro also finds each file that the entry imports.
      const source = await readFile(file, 'utf8');
      for (const [, path] of source.matchAll(/(?:from |require\()["'](\.[^"']+)/g)) {
        const found = resolveAsMetro(resolver, { hasExports, originModulePath: file, specifier: path });
        assert.equal(found, join(dirname(file), path));
      }
    });
  }
});

describe('TypeScript', () => {
  const resolutions = [
    { name: 'node10', file: 'app.ts', options: ['--module', 'commonjs', '--moduleResolution', 'node10'] },
    { name: 'node16 as ESM', file: 'app.mts', options: ['--module', 'node16'] },
    { name: 'node16 as CommonJS', file: 'app.cts', options: ['--module', 'node16'] },
    { name: 'bundler', file: 'app.ts', options: ['--module', 'esnext', '--moduleResolution', 'bundler'] },
  ];
  for (const { name, file, options } of resolutions) {
    it(`finds the types with ${name}`, async () => {
      const folder = join(app, name.replaceAll(' ', '-'));
      await mkdir(folder);
      await writeFile(join(folder, file), TYPED_APP);
      const strict = [
        '--strict',
        '--noEmit',
        '--skipLibCheck',
        'false',
        '--target',
        'es2022',
        '--lib',
        'es2022',
      ];
      await run('node', [requireTool.resolve('typescript/bin/tsc'), file, ...strict, ...options], {
        cwd: folder,
      });
    });
  }
});

describe('in chromium', () => {
  let client;
  before(async () => {
    client = await ClientPage.open(join(bare, 'node_modules', NAME));
  });
  after(() => client?.close());

  it('works as a plain module script under a strict content security policy', async () => {
    assert.equal(await client.ask(), 'token 1');
    assert.deepEqual(client.violations, []);
  });

  it('works in a worker', async () => {
    assert.match(await client.askWorker(), /^token \d+$/);
  });

  it('works in a service worker', async () => {
    assert.match(await client.askServiceWorker(), /^token \d+$/);
  });

  it('returns null when a captive portal answers with a page and status 200, and when an answer has no content', async () => {
    assert.deepEqual(await client.askAt('/portal'), { answer: null, type: 'malformed', status: 200 });
    assert.deepEqual(await client.askAt('/empty'), { answer: null, type: 'malformed', status: 204 });
  });

  it('does not keep the page out of the back/forward cache, and works when the page comes back', async () => {
    assert.deepEqual(await client.leaveAndReturn(), { wasCached: true, hasToken: true });
  });
});
