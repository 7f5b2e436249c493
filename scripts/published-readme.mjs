/*
 * The registry's page shows only README.md, so its relative links would be broken. While the package is packed, `write`
 * makes them absolute links to the files of the packed version, and `restore` puts the original README back.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
// The name does not begin with README, because npm would pack such a file.
const KEPT = fileURLToPath(new URL('../.repository-readme.md', import.meta.url));
const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const BASE = `https://unpkg.com/${name}@${version}/`;

/** Relative links of Markdown and pictures of HTML. Links within the page and absolute links stay. */
const RELATIVE = /(\]\(|\bsrc=")(?!#|[a-z]+:)/g;

const [command] = process.argv.slice(2);
if (command === 'write') {
  // The file is left over from an interrupted run. It holds the original README.
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
