/*
 * Draws the layers of src/ into docs/layers.md from the imports: one arrow from a folder to each folder that it imports
 * directly, unless a longer path of arrows leads there too.
 *
 *   npm run layers            writes the page
 *   npm run layers -- --check fails when the page is out of date
 */
import { cruise } from 'dependency-cruiser';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const PAGE = fileURLToPath(new URL('../docs/layers.md', import.meta.url));
const { LAYERS, ISLANDS } = createRequire(import.meta.url)('./layer-list.cjs');

async function importsBetweenFolders() {
  const { output } = await cruise(['src'], {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$' },
  });
  const found = new Map();
  for (const { source, dependencies } of output.modules) {
    const from = /^src\/([\w-]+)\//.exec(source)?.[1];
    for (const { resolved } of dependencies) {
      const to = /^src\/([\w-]+)\//.exec(resolved)?.[1];
      if (from === undefined || to === undefined || from === to) continue;
      found.set(from, (found.get(from) ?? new Set()).add(to));
    }
  }
  return found;
}

/** Whether a path of more than one arrow leads from one folder to another. */
function isImplied(imports, from, to) {
  const seen = new Set();
  const visit = (folder) =>
    [...(imports.get(folder) ?? [])].some((next) => {
      if (next === to) return folder !== from;
      if (seen.has(next)) return false;
      seen.add(next);
      return visit(next);
    });
  return visit(from);
}

function arrowsOf(imports) {
  return [...imports].flatMap(([from, targets]) =>
    [...targets].filter((to) => !isImplied(imports, from, to)).map((to) => [from, to]),
  );
}

async function page() {
  const imports = await importsBetweenFolders();
  const known = (name) => imports.has(name) || [...imports.values()].some((targets) => targets.has(name));
  const layers = LAYERS.filter(({ name }) => known(name));
  const arrows = arrowsOf(imports).map(([from, to]) => `  ${from} --> ${to}`);
  arrows.sort((one, other) => one.localeCompare(other));
  const text = [
    '# The layers of the code',
    '',
    'A folder of `src/` is a layer. A layer imports only from the layers below it in this table.',
    '`npm run layers` draws the picture from the imports. It leaves out an arrow if a longer path of arrows leads there too.',
    '',
    '```mermaid',
    'flowchart TD',
    ...arrows,
    '```',
    '',
    '| folder | what it does |',
    '| --- | --- |',
    ...[...layers, ...ISLANDS].map(({ name, job }) => `| \`src/${name}/\` | ${job} |`),
    '',
  ].join('\n');
  return format(text, { parser: 'markdown', singleQuote: true, printWidth: 110 });
}

const drawn = await page();
if (!process.argv.includes('--check')) await writeFile(PAGE, drawn);
else if ((await readFile(PAGE, 'utf8')) !== drawn) {
  console.error('docs/layers.md is out of date: run npm run layers');
  process.exitCode = 1;
}
