import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES } from './pages.js';

const FOLDERS = '(?:src|docs|test|examples|bench|scripts|schematics|api|peers)';

/** This page names files that `nest add` writes into the application, so they do not exist here. */
const PAGE_OF_NEST_ADD = 'docs/nest-add.md';

const textOf = (page: string): string => readFileSync(page, 'utf8');
const withoutSnippets = (text: string): string => text.replaceAll(/^ *```.*?^ *```$/gms, '');

/** The anchors that GitHub and npm give to the headings of a page. */
function anchorsOf(page: string): string[] {
  return [...withoutSnippets(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The files of this repository that a page links to or shows as pictures. */
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
  it('links only to files and headings that exist', () => {
    const broken = targetsOf(page).filter(
      ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf(page).matchAll(/`npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('the README or docs/neighbours/README.md links to every page of the documentation', () => {
  const linked = ['README.md', 'docs/neighbours/README.md'].flatMap(targetsOf).map(({ path }) => path);
  expect(PAGES.filter((page) => page.startsWith('docs/') && !linked.includes(page))).toEqual([]);
});

it.each(PAGES.filter((page) => page !== PAGE_OF_NEST_ADD))(
  'the page %s names only files that exist',
  (page) => {
    expect(namedFilesOf(page).filter((path) => !existsSync(path))).toEqual([]);
  },
);
