import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALLOWED, importingFile, PACKAGES, VIOLATIONS } from './layering-violations.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

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

/** Entry points that lead to every file except the specs and the dead module. */
function entryPoints(paths: readonly string[]): Record<string, string> {
  const reachable = paths.filter((path) => path.startsWith('src/') && !/dead|index|spec/.test(path));
  const island = (path: string): string => /^src\/(emulator|client|schematics)\//.exec(path)?.[0] ?? 'src/';
  return Object.fromEntries(
    ['src/', 'src/emulator/', 'src/client/', 'src/schematics/'].map((folder) => [
      `${folder}index.ts`,
      reachable
        .filter((path) => island(path) === folder)
        .map((path) => importingFile(`${folder}index.ts`, path))
        .join(''),
    ]),
  );
}

async function writeFixture(): Promise<string> {
  const files = { ...packageFiles(), ...ALLOWED };
  for (const { file, code } of VIOLATIONS) files[file] = code;
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
        // The exit code is the number of violations, which the report names.
        if (stdout === '') reject(error ?? new Error('dependency-cruiser printed no report'));
        else resolve(JSON.parse(stdout) as Report);
      },
    );
  });
}

function findings(report: Report): string[] {
  return [...new Set(report.summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`))].toSorted();
}

describe('the rules of .dependency-cruiser.cjs', () => {
  let fixture: string;
  let found: string[];

  beforeAll(async () => {
    fixture = await writeFixture();
    found = findings(await cruise(fixture));
  });

  afterAll(async () => {
    await rm(fixture, { recursive: true, force: true });
  });

  it.each(VIOLATIONS)('$rule finds $file', ({ rule, reported }) => {
    expect(found).toContain(`${rule}: ${reported}`);
  });

  it('report no other file', () => {
    const expected = VIOLATIONS.map(({ rule, reported }) => `${rule}: ${reported}`).toSorted();
    expect(found).toEqual(expected);
  });

  it('are all covered by a case above', () => {
    const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
      forbidden: readonly { name: string }[];
    };
    const covered = new Set(VIOLATIONS.map(({ rule }) => rule));
    expect(config.forbidden.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  });

  it('hold for this package', async () => {
    const report = await cruise(ROOT);
    expect(findings(report)).toEqual([]);
    expect(report.modules.length).toBeGreaterThan(50);
  });
});
