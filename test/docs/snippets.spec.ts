import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { PAGES } from './pages.js';

const ROOT = process.cwd();

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[2] ?? '',
    code: (match[3] ?? '').replaceAll(new RegExp(`^${match[1] ?? ''}`, 'gm'), ''),
  }));
}

const SNIPPETS = PAGES.flatMap(snippetsOf);

/** The errors of the compiler for the snippets. Each snippet is a separate module beside the sources. */
function compilerErrors(snippets: readonly Snippet[]): string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const files = new Map(
    snippets.map((snippet, index) => [join(ROOT, 'test/docs', `snippet-${index}.ts`), snippet]),
  );
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const readFile = host.readFile.bind(host);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.code ?? readFile(path);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, settings, ...rest) => {
    const snippet = files.get(path);
    return snippet === undefined
      ? getSourceFile(path, settings, ...rest)
      : ts.createSourceFile(path, snippet.code, settings, true);
  };
  const program = ts.createProgram(
    [...files.keys()],
    // A snippet may declare what it does not use.
    { ...options, incremental: false, noUnusedLocals: false, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'] },
    host,
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const snippet = files.get(file?.fileName ?? '');
    const offset = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    return `${snippet?.page}:${(snippet?.line ?? 0) + offset} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('the documentation', () => {
  it('has TypeScript that compiles with this package', () => {
    const snippets = SNIPPETS.filter(
      // `npm run test:neighbours` compiles and runs these, with packages that are not installed here.
      ({ language, page }) => language === 'ts' && !page.startsWith('docs/neighbours/'),
    );
    expect(snippets.length).toBeGreaterThan(10);
    expect(compilerErrors(snippets)).toEqual([]);
  }, 180_000);

  it('has JSON that can be parsed', () => {
    const snippets = SNIPPETS.filter(({ language }) => language === 'json');
    expect(snippets.length).toBeGreaterThan(0);
    for (const { code } of snippets) expect(JSON.parse(code)).toBeInstanceOf(Object);
  });

  it('has TypeScript that Prettier formats like this at 80 columns', async () => {
    for (const { page, line, code } of SNIPPETS.filter(({ language }) => language === 'ts')) {
      const style = { ...(await resolveConfig(page)), parser: 'typescript', printWidth: 80 };
      expect({ page, line, code: await format(code, style) }).toEqual({ page, line, code });
    }
  });
});
