import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = process.cwd();
const GUIDE = readFileSync('CONTRIBUTING.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

const CHANGES = [...GUIDE.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, change = '']) => ({
  file: /^\+\+\+ b\/(.*)$/m.exec(change)?.[1] ?? '',
  change,
}));

/** npm runs these scripts around another script. */
const isHook = (name: string): boolean => /^(pre|post)/.test(name);

/** What the compiler says of the changed files, in the place of those of the repository. */
function complaints(folder: string): string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const host = ts.createCompilerHost({ ...options, incremental: false });
  const readFile = host.readFile.bind(host);
  const changed = new Set(CHANGES.map(({ file }) => join(ROOT, file)));
  host.readFile = (path) => readFile(changed.has(path) ? path.replace(ROOT, folder) : path);
  const program = ts.createProgram([...changed], { ...options, incremental: false }, host);
  const files = [...changed].map((path) => program.getSourceFile(path));
  for (const file of files) expect(file?.text).toMatch(/not-?gzip/i);
  return files
    .flatMap((file) => program.getSemanticDiagnostics(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the first change in the guide for contributors', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nudge-auth-first-change-'));
    for (const { file } of CHANGES) cpSync(file, join(folder, file));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CHANGES)('fits $file', ({ change }) => {
    const { stderr } = spawnSync('git', ['apply', '-'], { cwd: folder, input: change, encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it('compiles', () => {
    expect(complaints(folder)).toEqual([]);
  }, 180_000);
});

it('the guide for contributors explains each script of package.json', () => {
  const explained = [...GUIDE.matchAll(/`npm (?:run )?([\w:-]+)/g)].map(([, name = '']) => name);
  const missing = Object.keys(scripts).filter((name) => !isHook(name) && !explained.includes(name));
  expect(missing).toEqual([]);
});
