/*
 * Compiles what docs/neighbours shows, and tries it in real applications beside the built package.
 *
 *   npm run test:neighbours                       beside the Nest of this repository
 *   npm run test:neighbours -- --only <text>      the neighbours whose name holds the text
 *   npm run test:neighbours -- --table            beside every line of lines.mjs; the table of docs/neighbours/README.md is
 *                                                 written anew. It fetches packages, and takes some minutes
 */
import { parseArgs } from 'node:util';
import { LINES } from './lines.mjs';
import { writeTable } from './table.mjs';
import { compile, filesOf, lint, openHere, openLine, runTests, versionsIn } from './workspace.mjs';

const { values } = parseArgs({ options: { table: { type: 'boolean' }, only: { type: 'string' } } });

async function tryHere() {
  const folder = await openHere();
  await compile(folder);
  const files = (await filesOf(folder)).filter((file) => file.includes(values.only ?? ''));
  // The root's lint leaves this folder out: it would not find the packages.
  if (values.only === undefined) await lint(folder);
  if (files.length === 0) throw new Error(`No test is named so: ${values.only}`);
  return runTests(folder, files);
}

async function tryEveryLine() {
  const rows = [];
  for (const line of LINES) {
    const { folder, close } = await openLine(line);
    try {
      await compile(folder);
      for (const file of await filesOf(folder)) {
        const holds = await runTests(folder, [file]);
        rows.push({ line: line.title, neighbour: file, holds, versions: await versionsIn(folder, file) });
      }
    } finally {
      await close();
    }
    await writeTable(rows);
  }
  return rows.every(({ holds }) => holds);
}

const isGood = await (values.table ? tryEveryLine() : tryHere());
if (!isGood) process.exitCode = 1;
