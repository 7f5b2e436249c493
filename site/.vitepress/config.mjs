import { cp } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../../scripts/heading-anchor.mjs';
import { drawMermaid, FilesOfPages } from './markdown.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_PAGE = 'docs/README.md';
const REFERENCE = 'site/reference';
const MERMAID = 'site/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js';

const textOf = (page) => readFileSync(join(ROOT, page), 'utf8');
const { description, repository } = JSON.parse(textOf('package.json'));
const repositoryUrl = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

const titleOf = (page) => (/^# (.+)$/m.exec(textOf(page))?.[1] ?? page).replaceAll('`', '');
const linkTo = (page) => ({ text: titleOf(page), link: `/${page.replace(/\.md$/, '')}` });

/** The groups of the start page and the pages that it lists in them. */
function sidebar() {
  const [, , ...sections] = textOf(START_PAGE).split(/^## /m);
  const groups = sections.map((section) => {
    const links = [...section.matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, target]) => target);
    const pages = [...new Set(links)].map((target) => posix.join(dirname(START_PAGE), target));
    return { text: section.split('\n')[0], items: pages.map(linkTo) };
  });
  return [{ items: [linkTo(START_PAGE), linkTo('README.md')] }, ...groups, referenceGroup()];
}

function referenceGroup() {
  const pages = readdirSync(join(ROOT, REFERENCE), { recursive: true })
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .toSorted((one, other) => one.localeCompare(other));
  const items = pages.map((file) => ({
    text: basename(file, '.md'),
    link: `/reference/${file.replace(/\.md$/, '')}`,
  }));
  return { text: 'API reference', collapsed: true, items };
}

const files = new FilesOfPages(ROOT, `${repositoryUrl}/blob/main`);

export default defineConfig({
  title: 'nestjs-nudge-auth',
  description,
  lang: 'en',
  srcDir: '..',
  srcExclude: ['!(docs|examples|site)/**/*.md', 'site/node_modules/**', '**/dist/**'],
  rewrites: { 'site/index.md': 'index.md', 'site/reference/:rest*': 'reference/:rest*' },
  markdown: {
    anchor: { slugify: anchorOf },
    config: (markdown) => {
      drawMermaid(markdown);
      files.follow(markdown);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      linkTo(START_PAGE),
      linkTo('docs/troubleshooting.md'),
      { text: 'API reference', link: '/reference/' },
      linkTo('ARCHITECTURE.md'),
    ],
    sidebar: sidebar(),
  },
  // The pages stand beside this folder: what they import is found from here.
  vite: { resolve: { alias: { vue: fileURLToPath(new URL('../node_modules/vue', import.meta.url)) } } },
  async buildEnd({ outDir }) {
    for (const file of files.linked) await cp(join(ROOT, file), join(outDir, file));
    await cp(join(ROOT, MERMAID), join(outDir, basename(MERMAID)));
  },
});
