import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { anchorOf } from '../../scripts/heading-anchor.mjs';
import { codeIn, PAGES, proseOf, textOf } from './pages.js';

const FOLDERS = '(?:src|docs|test|examples|bench|scripts|schematics|api|peers|site|\\.ci)';

/** This page names files that `nest add` writes into the application, so they do not exist here. */
const PAGE_OF_NEST_ADD = 'docs/nest-add.md';

/** Scripts of the application that the module is added to. */
const SCRIPTS_OF_THE_HOST = ['test:e2e'];

const START_PAGES = ['docs/README.md', 'docs/neighbours/README.md'];

/** The anchors that GitHub and npm give to the headings of a page. */
const anchorsOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** The files of this repository that a page links to or shows as pictures. */
function targetsOf(page: string): { path: string; anchor: string | undefined }[] {
  const links = [...proseOf(page).matchAll(/\]\(([^)]+)\)|src="([^"]+)"/g)];
  return links
    .map(([, link, source]) => link ?? source ?? '')
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : join(dirname(page), path), anchor };
    });
}

const namedFilesOf = (page: string): string[] =>
  codeIn(textOf(page)).filter((code) => new RegExp(`^${FOLDERS}/[\\w./-]+$`).test(code));

describe.each(PAGES)('the page %s', (page) => {
  it('links only to files and headings that exist', () => {
    const broken = targetsOf(page).filter(
      ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf(page).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(
      ([, name = '']) => name,
    );
    const known = [...Object.keys(scripts), ...SCRIPTS_OF_THE_HOST];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names the command that measures, where it shows a chart or a measured table', () => {
    const hasFigures = /\]\([^)]+\.svg\)|<!-- measured: /.test(textOf(page));
    expect(hasFigures && !textOf(page).includes('npm run bench')).toBe(false);
  });
});

it('the start pages link to every page of the documentation, and the README to the first of them', () => {
  const linked = START_PAGES.flatMap(targetsOf).map(({ path }) => path);
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== START_PAGES[0]);
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
  expect(targetsOf('README.md').map(({ path }) => path)).toContain(START_PAGES[0]);
});

it.each(PAGES.filter((page) => page !== PAGE_OF_NEST_ADD))(
  'the page %s names only files that exist',
  (page) => {
    expect(namedFilesOf(page).filter((path) => !existsSync(path))).toEqual([]);
  },
);
