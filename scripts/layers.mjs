/*
 * Draws the layers of src/ into ARCHITECTURE.md from the imports: one arrow from a folder to each folder that it imports
 * directly, unless a longer path of arrows leads there too.
 *
 *   npm run layers            writes the picture
 *   npm run layers -- --check fails when the picture is out of date
 */
import { cruise } from 'dependency-cruiser';
import { createRequire } from 'node:module';
import { writePart } from './marked-part.mjs';

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

async function picture() {
  const imports = await importsBetweenFolders();
  const known = (name) => imports.has(name) || [...imports.values()].some((targets) => targets.has(name));
  const layers = LAYERS.filter(({ name }) => known(name));
  const arrows = arrowsOf(imports).map(([from, to]) => `  ${from} --> ${to}`);
  arrows.sort((one, other) => one.localeCompare(other));
  return [
    'A folder of `src/` is a layer. A layer imports only from the layers below it in this table. The picture leaves out an',
    'arrow if a longer path of arrows leads there too.',
    '',
    '```mermaid',
    'flowchart TD',
    ...arrows,
    ...ISLANDS.map(({ name }) => `  ${name}`),
    '```',
    '',
    '| folder | what it does |',
    '| --- | --- |',
    ...[...layers, ...ISLANDS].map(({ name, job }) => `| \`src/${name}/\` | ${job} |`),
  ];
}

await writePart({
  name: 'layers',
  command: 'npm run layers',
  lines: await picture(),
  isCheck: process.argv.includes('--check'),
});
