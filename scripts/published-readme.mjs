/*
 * The registry's page of the package shows README.md alone: its relative links would lead nowhere. `write` makes them
 * absolute while the package is packed, to the files of the packed version; `restore` puts the repository's README back.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
// Not named README…, which npm would pack.
const KEPT = fileURLToPath(new URL('../.repository-readme.md', import.meta.url));
const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const BASE = `https://unpkg.com/${name}@${version}/`;

/** Links of Markdown and pictures of HTML; those within the page and those that are absolute stay. */
const RELATIVE = /(\]\(|\bsrc=")(?!#|[a-z]+:)/g;

const [command] = process.argv.slice(2);
if (command === 'write') {
  // Left by a run that was broken off: the repository's own.
  if (existsSync(KEPT)) renameSync(KEPT, README);
  const text = readFileSync(README, 'utf8');
  writeFileSync(KEPT, text);
  writeFileSync(README, text.replaceAll(RELATIVE, `$1${BASE}`));
} else if (command === 'restore') {
  renameSync(KEPT, README);
} else {
  process.stderr.write('usage: node scripts/published-readme.mjs write|restore\n');
  process.exitCode = 2;
}
