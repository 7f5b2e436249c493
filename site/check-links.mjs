/* Fails where a page of the built site leads to a file or a heading of the site that is not there. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('.vitepress/dist', import.meta.url));

const unescaped = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
const valuesOf = (html, pattern) => [...html.matchAll(pattern)].map(([, value]) => unescaped(value));

const files = (await readdir(DIST, { recursive: true })).map((file) => file.replaceAll('\\', '/'));
const pages = new Map();
for (const file of files.filter((name) => name.endsWith('.html'))) {
  const html = await readFile(join(DIST, file), 'utf8');
  pages.set(file, {
    ids: new Set(valuesOf(html, /\sid="([^"]*)"/g)),
    targets: new Set(valuesOf(html, /\s(?:href|src)="([^"]*)"/g)),
  });
}

/** The file of the site that a link leads to, and the heading in it. */
function placeOf(page, target) {
  const { pathname, hash } = new URL(target, `site:///${page}`);
  const path = decodeURIComponent(pathname).replace(/^\/+/, '');
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  return { file: posix.extname(file) === '' ? `${file}.html` : file, id: decodeURIComponent(hash.slice(1)) };
}

const broken = [];
for (const [page, { targets }] of pages) {
  for (const target of targets) {
    if (/^(?:[a-z]+:|\/\/)/.test(target)) continue;
    const { file, id } = placeOf(page, target);
    const isThere =
      existsSync(join(DIST, file)) && (id === '' || !pages.has(file) || pages.get(file).ids.has(id));
    if (!isThere) broken.push(`${page}: ${target}`);
  }
}
for (const link of broken) console.error(`dead link in ${link}`);
console.log(`${pages.size} pages, ${broken.length} dead links`);
if (broken.length > 0) process.exitCode = 1;
