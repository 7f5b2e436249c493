/*
 * Compiles the snippets of docs/neighbours and tests them in real applications with the built package.
 *
 *   npm run test:neighbours                       tests with the Nest of this repository
 *   npm run test:neighbours -- --only <text>      tests only the neighbours with the text in their name
 *   npm run test:neighbours -- --table            tests with every version in lines.mjs and writes the table of
 *                                                 docs/neighbours/README.md; fetches packages and takes some minutes
 */
import { parseArgs } from 'node:util';
import { LINES } from './lines.mjs';
import { writeTable } from './table.mjs';
import { compile, filesOf, lint, openHere, openLine, runTests, versionsIn } from './workspace.mjs';

const { values } = parseArgs({ options: { table: { type: 'boolean' }, only: { type: 'string' } } });

async function testHere() {
  const folder = await openHere();
  await compile(folder);
  const files = (await filesOf(folder)).filter((file) => file.includes(values.only ?? ''));
  // The lint at the root leaves this folder out, because it would not find the packages.
  if (values.only === undefined) await lint(folder);
  if (files.length === 0) throw new Error(`No test has this text in its name: ${values.only}`);
  return runTests(folder, files);
}

async function testEveryLine() {
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

const isGood = await (values.table ? testEveryLine() : testHere());
if (!isGood) process.exitCode = 1;
