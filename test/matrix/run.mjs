/*
 * Builds and runs real applications with the packed tarball, one for each cell of cells.mjs.
 *
 *   npm run test:matrix                    runs all cells and writes docs/compatibility.md
 *   npm run test:matrix -- --slice         runs the cells that run with every change; writes no docs
 *   npm run test:matrix -- --only <text>   runs the cells with the text in their title, in the order of the texts, and
 *                                          writes their rows
 *
 * A row is written as soon as its cell has run, so that an interrupted run keeps its results.
 */
import { parseArgs } from 'node:util';
import { Bases } from './bases.mjs';
import { CELLS } from './cells.mjs';
import { KINDS } from './kinds.mjs';
import { writeRows } from './table.mjs';
import { openWorkshop } from './workshop.mjs';

const { values } = parseArgs({
  options: { slice: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});

function chosenCells() {
  if (values.slice) return CELLS.filter(({ slice }) => slice);
  if (values.only === undefined) return CELLS;
  const named = values.only.flatMap((text) => CELLS.filter(({ title }) => title.includes(text)));
  return [...new Set(named)];
}

const secondsSince = (startMs) => Math.round((Date.now() - startMs) / 1000);

async function outcomeOf(cell, tools) {
  const startMs = Date.now();
  try {
    await KINDS[cell.kind](cell, tools);
    console.log(`ok      ${cell.title} (${secondsSince(startMs)} s)`);
    return true;
  } catch (error) {
    console.error(`FAILED  ${cell.title} (${secondsSince(startMs)} s)\n${error.stack}\n`);
    return false;
  }
}

const chosen = chosenCells();
if (chosen.length === 0) throw new Error('No cell has this text in its title: see test/matrix/cells.mjs');
const startMs = Date.now();
const workshop = await openWorkshop();
const holds = new Map();
try {
  const bases = new Bases(workshop);
  for (const cell of chosen) {
    holds.set(cell.title, await outcomeOf(cell, { bases, workshop }));
    if (!values.slice) await writeRows(holds);
  }
} finally {
  await workshop.close();
}
const good = [...holds.values()].filter(Boolean).length;
console.log(`${good} of ${holds.size} cells hold (${secondsSince(startMs)} s)`);
if (good < holds.size) process.exitCode = 1;
