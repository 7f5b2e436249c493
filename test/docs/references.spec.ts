import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES } from './pages.js';

const FOLDERS = '(?:src|docs|test|examples|bench|scripts|schematics|api|peers)';

/** What `nest add` writes is in the application, not here. */
const PAGE_OF_NEST_ADD = 'docs/nest-add.md';

const textOf = (page: string): string => readFileSync(page, 'utf8');
const withoutSnippets = (text: string): string => text.replaceAll(/^ *```.*?^ *```$/gms, '');

/** What GitHub and npm call the headings of a page in links. */
function anchorsOf(page: string): string[] {
  return [...withoutSnippets(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The links and pictures of a page that lead to files of this repository. */
function targetsOf(page: string): { path: string; anchor: string | undefined }[] {
  const links = [...withoutSnippets(textOf(page)).matchAll(/\]\(([^)]+)\)|src="([^"]+)"/g)];
  return links
    .map(([, link, source]) => link ?? source ?? '')
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : join(dirname(page), path), anchor };
    });
}

const namedFilesOf = (page: string): string[] =>
  [...textOf(page).matchAll(new RegExp(`\`(${FOLDERS}/[\\w./-]+)\``, 'g'))].map(([, path = '']) => path);

describe.each(PAGES)('the page %s', (page) => {
  it('links to files and headings that are there', () => {
    const broken = targetsOf(page).filter(
      ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf(page).matchAll(/`npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('the README, or the page of the neighbours, links to every page of the documentation', () => {
  const linked = ['README.md', 'docs/neighbours/README.md'].flatMap(targetsOf).map(({ path }) => path);
  expect(PAGES.filter((page) => page.startsWith('docs/') && !linked.includes(page))).toEqual([]);
});

it.each(PAGES.filter((page) => page !== PAGE_OF_NEST_ADD))(
  'the page %s names files that are there',
  (page) => {
    expect(namedFilesOf(page).filter((path) => !existsSync(path))).toEqual([]);
  },
);
