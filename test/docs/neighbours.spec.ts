import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES } from './pages.js';

const WORKSPACE = 'test/neighbours';
const SNIPPETS = `${WORKSPACE}/snippets`;
const NEIGHBOUR_PAGES = PAGES.filter((page) => page.startsWith('docs/neighbours/'));

/** A snippet on a page, with a comment above it that names its file. */
const SNIPPET = new RegExp(`<!-- (${SNIPPETS}/[\\w.-]+) -->\\n\\n\`\`\`(\\w+)\\n(.*?)^\`\`\`$`, 'gms');

const snippetsOf = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(SNIPPET)].map(([, file = '', , code = '']) => ({ file, code }));

function update(page: string): void {
  const text = readFileSync(page, 'utf8');
  const fresh = text.replaceAll(
    SNIPPET,
    (_all, file: string, language: string) =>
      `<!-- ${file} -->\n\n\`\`\`${language}\n${readFileSync(file, 'utf8')}\`\`\``,
  );
  if (fresh !== text) writeFileSync(page, fresh);
}

describe.each(NEIGHBOUR_PAGES)('the snippets of %s', (page) => {
  it('are exact copies of the files that the tests run', () => {
    if (process.env['UPDATE_DOCS'] === '1') update(page);
    for (const { file, code } of snippetsOf(page))
      expect({ file, code }).toEqual({ file, code: readFileSync(file, 'utf8') });
    const blocks = readFileSync(page, 'utf8').match(/^```(ts|js|nginx)$/gm) ?? [];
    expect(snippetsOf(page)).toHaveLength(blocks.length);
  });
});

it('every snippet is shown on a page and run by a test', () => {
  const files = readdirSync(SNIPPETS);
  const shown = NEIGHBOUR_PAGES.flatMap(snippetsOf).map(({ file }) => file);
  expect(shown.toSorted()).toEqual(files.map((file) => `${SNIPPETS}/${file}`).toSorted());
  const textsOf = (folder: string) =>
    readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const tests = textsOf(join(WORKSPACE, 'tests'));
  const snippets = textsOf(SNIPPETS);
  const isRun = (file: string): boolean => {
    const name = file.replace(/\.ts$/, '.js');
    // A worker thread is run by the snippet that starts it.
    const starts = `new URL('./${name}'`;
    return [...tests, ...snippets].some(
      (text) => text.includes(`/snippets/${name}'`) || text.includes(starts),
    );
  };
  expect(files.filter((file) => !isRun(file))).toEqual([]);
});
