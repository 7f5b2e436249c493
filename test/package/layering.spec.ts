import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The drawn order, top to bottom. */
const LAYERS: readonly (readonly [layer: string, file: string])[] = [
  'module',
  'swagger',
  'endpoint',
  'doctor',
  'terminus',
  'otel',
  'testing',
  'config',
  'redis',
  'user-auth',
  'http',
  'audit',
  'service',
  'tenants',
  'options',
  'cache',
  'store',
  'vendor',
  'token',
  'telemetry',
  'common',
].map((layer) => [layer, `src/${layer}/sample.ts`]);

/** One file with one import that breaks one rule. */
interface Offence {
  readonly rule: string;
  readonly file: string;
  readonly code: string;
  /** Who is found guilty. Default: the file. */
  readonly blamed: string;
}

const offence = (rule: string, file: string, code: string, blamed = file): Offence => ({
  rule,
  file,
  code,
  blamed,
});

const importing = (specifier: string): string => `export { x } from '${specifier}';\n`;
const plain = 'export const x = 1;\n';

function importingFile(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, '.js');
  return importing(path.startsWith('.') ? path : `./${path}`);
}

const OFFENCES: readonly Offence[] = [
  ...LAYERS.slice(1).map(([layer, file], index) =>
    offence(`${layer}-imports-downward-only`, file, importingFile(file, LAYERS[index]?.[1] ?? '')),
  ),
  offence('every-file-has-a-place', 'src/helpers/unplaced.ts', plain, 'src/index.ts'),
  offence('islands-are-left-alone', 'src/endpoint/island.ts', importing('../emulator/innocent.js')),
  offence('emulator-imports-only-common', 'src/emulator/token.ts', importing('../token/innocent.js')),
  offence(
    'the-command-line-starts-the-emulator',
    'src/doctor/start.ts',
    importing('../emulator/cli/innocent.js'),
  ),
  offence(
    'commands-are-loaded-on-demand',
    'src/doctor/commands.ts',
    `${importing('./innocent.js')}export const y = (): unknown => import('../emulator/cli/innocent.js');\n`,
  ),
  ...['server', 'faults', 'http'].map((folder, index) =>
    offence(
      `${folder}-of-the-emulator-imports-downward-only`,
      `src/emulator/${folder}/upward.ts`,
      importing(`../${['cli', 'server', 'faults'][index]}/innocent.js`),
    ),
  ),
  offence('client-imports-nothing', 'src/client/common.ts', importing('../common/innocent.js')),
  offence('client-imports-nothing', 'src/client/builtin.ts', importing('node:timers')),
  offence('client-imports-nothing', 'src/client/package.ts', importing('valibot')),
  offence('schematics-import-only-node', 'src/schematics/common.ts', importing('../common/innocent.js')),
  offence('schematics-import-only-node', 'src/schematics/package.ts', importing('valibot')),
  offence('no-barrels', 'src/token/own-barrel.ts', importing('./index.js')),
  offence('no-barrels', 'src/endpoint/other-barrel.ts', importing('../token/index.js')),
  offence('no-cycles', 'src/token/cycle-a.ts', "export type { B as A } from './cycle-b.js';\n"),
  ...['cache', 'store', 'vendor', 'token', 'telemetry', 'emulator', 'doctor'].map((folder) =>
    offence(`${folder}-is-free-of-nest`, `src/${folder}/nest.ts`, importing('@nestjs/common')),
  ),
  offence('cache-is-free-of-nest', 'src/cache/nest-axios.ts', importing('@nestjs/axios')),
  offence('token-is-free-of-nest', 'src/token/nest-type.ts', "export type { X } from '@nestjs/common';\n"),
  offence('common-imports-no-package', 'src/common/package.ts', importing('valibot')),
  offence('@nestjs/config-stays-in-config', 'src/endpoint/config-peer.ts', importing('@nestjs/config')),
  offence(
    '@nestjs/terminus-stays-in-terminus',
    'src/endpoint/terminus-peer.ts',
    importing('@nestjs/terminus'),
  ),
  offence('@opentelemetry/api-stays-in-otel', 'src/endpoint/otel-peer.ts', importing('@opentelemetry/api')),
  offence('@nestjs/swagger-stays-in-swagger', 'src/endpoint/swagger-peer.ts', importing('@nestjs/swagger')),
  offence('ioredis-stays-in-redis', 'src/endpoint/redis-peer.ts', importing('ioredis')),
  // Its layers import upward, and so reach what has subpaths of its own.
  offence('main-entry-stands-alone', 'src/index.ts', ''),
  offence('only-declared-packages', 'src/endpoint/dev-package.ts', importing('fast-check')),
  offence('only-declared-packages', 'src/endpoint/stray-package.ts', importing('undeclared')),
  offence('no-tests-in-the-package', 'src/token/helper.ts', importing('../../test/support/innocent.js')),
  offence('nothing-unresolvable', 'src/token/lost.ts', importing('./nowhere.js')),
  offence('no-dead-modules', 'src/token/dead.ts', plain),
];

/** What is allowed, and must not be blamed. */
const INNOCENT: Readonly<Record<string, string>> = {
  'src/module/sample.ts': plain,
  'src/common/innocent.ts': importing('node:util'),
  'src/token/innocent.ts': importing('../common/innocent.js'),
  'src/token/innocent.spec.ts': importing('../index.js') + importing('../../test/support/innocent.js'),
  'src/token/index.ts': importing('./innocent.js'),
  'src/token/cycle-b.ts': "export type { A as B } from './cycle-a.js';\n",
  'src/vendor/innocent.ts': importing('@nestjs/axios'),
  'src/emulator/innocent.ts': importing('../common/innocent.js') + importing('valibot'),
  'src/emulator/cli/innocent.ts': plain,
  'src/emulator/server/innocent.ts': plain,
  'src/emulator/faults/innocent.ts': plain,
  'src/doctor/innocent.ts': plain,
  'src/client/innocent.ts': plain,
  'src/schematics/innocent.ts': importing('node:crypto'),
  'test/support/innocent.ts': importing('fast-check'),
};

const PACKAGES = {
  dependencies: ['valibot'],
  peerDependencies: [
    '@nestjs/axios',
    '@nestjs/common',
    '@nestjs/config',
    '@nestjs/swagger',
    '@nestjs/terminus',
    '@opentelemetry/api',
    'ioredis',
  ],
  devDependencies: ['@nestjs/common', 'fast-check'],
};

function packageFiles(): Record<string, string> {
  const manifest = Object.entries(PACKAGES).map(([kind, names]) => [
    kind,
    Object.fromEntries(names.map((name) => [name, '1.0.0'])),
  ]);
  const files = { 'package.json': JSON.stringify(Object.fromEntries(manifest)) };
  for (const name of [...Object.values(PACKAGES).flat(), 'undeclared']) {
    Object.assign(files, {
      [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      [`node_modules/${name}/index.js`]: 'exports.x = 1;',
    });
  }
  return files;
}

/** Entry points that lead to every file but specs and the one that is to be dead. */
function entryPoints(paths: readonly string[]): Record<string, string> {
  const alive = paths.filter((path) => path.startsWith('src/') && !/dead|index|spec/.test(path));
  const island = (path: string): string => /^src\/(emulator|client|schematics)\//.exec(path)?.[0] ?? 'src/';
  return Object.fromEntries(
    ['src/', 'src/emulator/', 'src/client/', 'src/schematics/'].map((folder) => [
      `${folder}index.ts`,
      alive
        .filter((path) => island(path) === folder)
        .map((path) => importingFile(`${folder}index.ts`, path))
        .join(''),
    ]),
  );
}

async function writeFixture(): Promise<string> {
  const files = { ...packageFiles(), ...INNOCENT };
  for (const { file, code } of OFFENCES) files[file] = code;
  Object.assign(files, entryPoints(Object.keys(files)));
  const folder = await mkdtemp(join(tmpdir(), 'nudge-auth-layering-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

interface Report {
  readonly modules: readonly unknown[];
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

function cruise(folder: string): Promise<Report> {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const settings = ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...settings],
      { cwd: folder, maxBuffer: 2 ** 26 },
      (error, stdout) => {
        // Its exit code counts violations, which the report names.
        if (stdout === '') reject(error ?? new Error('dependency-cruiser printed no report'));
        else resolve(JSON.parse(stdout) as Report);
      },
    );
  });
}

function findings(report: Report): string[] {
  return [...new Set(report.summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`))].toSorted();
}

describe('the rules of the house', () => {
  let fixture: string;
  let found: string[];

  beforeAll(async () => {
    fixture = await writeFixture();
    found = findings(await cruise(fixture));
  });

  afterAll(async () => {
    await rm(fixture, { recursive: true, force: true });
  });

  it.each(OFFENCES)('$rule finds $file', ({ rule, blamed }) => {
    expect(found).toContain(`${rule}: ${blamed}`);
  });

  it('blame nobody else', () => {
    const deserved = OFFENCES.map(({ rule, blamed }) => `${rule}: ${blamed}`).toSorted();
    expect(found).toEqual(deserved);
  });

  it('are proven, each of them', () => {
    const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
      forbidden: readonly { name: string }[];
    };
    const proven = new Set(OFFENCES.map(({ rule }) => rule));
    expect(config.forbidden.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });

  it('are kept by this package', async () => {
    const report = await cruise(ROOT);
    expect(findings(report)).toEqual([]);
    expect(report.modules.length).toBeGreaterThan(50);
  });
});
