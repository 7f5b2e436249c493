/* The table of docs/compatibility.md. The matrix writes it, and its test reads it. */
import { readFile, writeFile } from 'node:fs/promises';
import { CELLS } from './cells.mjs';

const DOCS = new URL('../../docs/compatibility.md', import.meta.url);
const TABLE = /(<!-- matrix: begin -->\n)([\s\S]*?)(<!-- matrix: end -->)/;
const MARKS = { holds: '✓', fails: '✗', unknown: 'not run yet' };

function rowsOf(table) {
  const rows = table.matchAll(/^\|[^|]*\| ([^|]+?) +\| (✓|✗|not run yet) +\|$/gm);
  return new Map([...rows].map(([, title, mark]) => [title, mark]));
}

/** The marks in the docs, by the title of the cell. */
export async function readRows() {
  const [, , table] = TABLE.exec(await readFile(DOCS, 'utf8')) ?? [];
  if (table === undefined) throw new Error('docs/compatibility.md lacks the comments around its table');
  return rowsOf(table);
}

/** @param holds whether each cell that ran holds, by title. All other rows stay as they are. */
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
