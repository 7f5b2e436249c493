import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { codeIn, rowsOf, sectionOf, textOf } from './pages.js';

const PAGE = 'ARCHITECTURE.md';
const CONCEPTS = readdirSync('docs/concepts').map((file) => basename(file, '.md'));

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => `src/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));

/** A type that is a token, or what a token says: its name ends so. */
const TOKEN_TYPE =
  /^export (?:interface|class|type) (\w*Token(?:Claims|Record|Answer)?)\b|^interface (\w*Token)\b/gm;

/** The name that the table of the files gives to the walk under each heading. */
const WALKS = [
  { heading: '### A warm request', column: 1 },
  { heading: '### A cold request', column: 2 },
  { heading: '### A fleet renewal', column: 3 },
];

describe('the architecture', () => {
  it('lists every type of a token in the file that declares it', () => {
    const rows = rowsOf(sectionOf(PAGE, '### The types of a token'));
    const listed = rows.flatMap(([type = '', ...cells]) =>
      codeIn(cells.join(' ')).map((file) => `${codeIn(type).join()} ${file}`),
    );
    const declared = SOURCES.flatMap((file) =>
      [...textOf(file).matchAll(TOKEN_TYPE)].map(([, exported, local]) => `${exported ?? local} ${file}`),
    );
    expect(declared.filter((type) => !listed.includes(type))).toEqual([]);
  });

  it.each(WALKS)('names under "$heading" files that the walk runs through', ({ heading, column }) => {
    const files = rowsOf(sectionOf(PAGE, '### The files of the walks'));
    const walked = files.filter((row) => row[column] === '✓').flatMap(([file = '']) => codeIn(file));
    const named = codeIn(sectionOf(PAGE, heading)).filter((code) => code.startsWith('src/'));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((file) => !walked.includes(file))).toEqual([]);
  });

  it('says of every layer, and of every folder of tests, where its tests are', () => {
    const text = sectionOf(PAGE, '## Where the test of what is');
    const foldersIn = (parent: string): string[] =>
      readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${parent}/${name}`);
    const isNamed = (folder: string): boolean =>
      codeIn(text).some((code) => code === folder || code.startsWith(`${folder}/`));
    expect([...foldersIn('src'), ...foldersIn('test')].filter((folder) => !isNamed(folder))).toEqual([]);
  });
});

describe.each(CONCEPTS)('the page of the concept %s', (concept) => {
  const page = `docs/concepts/${concept}.md`;

  it('is named as a file of the code', () => {
    expect(SOURCES.map((file) => basename(file, '.ts'))).toContain(concept);
  });

  it('names a test, and is reached from the glossary', () => {
    const specs = codeIn(sectionOf(page, '## In the code')).filter((code) => code.endsWith('.spec.ts'));
    expect(specs.filter((file) => existsSync(file))).not.toEqual([]);
    expect(sectionOf(PAGE, '### Concepts')).toContain(`(${page})`);
  });
});
