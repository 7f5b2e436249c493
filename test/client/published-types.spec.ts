import { afterAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
const modules = join(root, 'node_modules');
const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'nudge-client-types-'));
const published = join(scratch, 'published');
afterAll(() => rmSync(scratch, { recursive: true }));

const strict: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

const faultsOf = (program: ts.Program): string[] =>
  ts
    .getPreEmitDiagnostics(program)
    .map(({ file, start, messageText }) =>
      [
        file?.fileName,
        file?.getLineAndCharacterOfPosition(start ?? 0).line,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ].join(': '),
    );

const source = ts.createProgram([join(root, 'src/client/index.ts')], {
  ...strict,
  lib: ['lib.es2022.d.ts'],
  types: [],
  declaration: true,
  rootDir: join(root, 'src/client'),
  outDir: published,
});
source.emit();

/** The fixtures end in `.txt`, so that they and their globals stay out of every other program. */
const faultsOfFixture = (name: string, options: ts.CompilerOptions): string[] => {
  const path = join(scratch, `${name}.ts`);
  copyFileSync(join(import.meta.dirname, 'types', `${name}.ts.txt`), path);
  const program = ts.createProgram([path], {
    ...strict,
    noEmit: true,
    typeRoots: [join(modules, '@types')],
    paths: {
      'nestjs-nudge-auth/client': [join(published, 'index.d.ts')],
      'undici-types': [join(modules, 'undici-types/index.d.ts')],
    },
    ...options,
  });
  return faultsOf(program);
};

describe('the published types', () => {
  it('come from sources that need neither Node nor the DOM', () => {
    expect(faultsOf(source)).toEqual([]);
  });

  it.each<[string, ts.CompilerOptions]>([
    ['bare', { types: [], lib: ['lib.es2022.d.ts'] }],
    ['dom', { types: [], lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'] }],
    ['node', { types: ['node'], lib: ['lib.es2023.d.ts'], skipLibCheck: true }],
    ['react-native', { types: [], lib: ['lib.es2022.d.ts'] }],
  ])(
    'suit a program of the kind "%s"',
    (name, options) => {
      expect(faultsOfFixture(name, options)).toEqual([]);
    },
    60_000,
  );
});
