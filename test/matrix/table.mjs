/* The table of docs/compatibility.md: written by the matrix, read by its test. */
import { readFile, writeFile } from 'node:fs/promises';
import { CELLS } from './cells.mjs';

const DOCS = new URL('../../docs/compatibility.md', import.meta.url);
const TABLE = /(<!-- matrix: begin -->\n)([\s\S]*?)(<!-- matrix: end -->)/;
const MARKS = { holds: '✓', fails: '✗', unknown: 'not run yet' };

function rowsOf(table) {
  const rows = table.matchAll(/^\|(?: [^|]*\|)? ([^|]+?) +\| (✓|✗|not run yet) +\|$/gm);
  return new Map([...rows].map(([, title, mark]) => [title, mark]));
}

/** What the docs say of each cell, by title. */
export async function readRows() {
  const [, , table] = TABLE.exec(await readFile(DOCS, 'utf8')) ?? [];
  if (table === undefined) throw new Error('docs/compatibility.md has lost the marks of its table');
  return rowsOf(table);
}

/** @param holds whether each cell that was run holds, by title; the others keep their rows. */
export async function writeRows(holds) {
  const before = await readRows();
  const rows = CELLS.map(({ group, title }) => {
    const isRun = holds.has(title);
    const mark = isRun
      ? holds.get(title)
        ? MARKS.holds
        : MARKS.fails
      : (before.get(title) ?? MARKS.unknown);
    return [group, title, mark];
  });
  const cells = [['', 'cell', 'holds'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const table = [line(cells[0]), rule, ...rows.map(line)].join('\n');
  const text = await readFile(DOCS, 'utf8');
  await writeFile(
    DOCS,
    text.replace(TABLE, (_all, begin, _old, end) => `${begin}\n${table}\n\n${end}`),
  );
}
