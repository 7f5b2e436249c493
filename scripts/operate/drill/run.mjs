/*
 * Plays what can go wrong, and prints by what it can be told. Fails when something cannot be told.
 *
 *   npm run drill               all incidents
 *   npm run drill -- slow 429   those whose titles have one of the words
 *   npm run drill -- --write    all, and writes the table of docs/runbook.md
 *   npm run drill -- --check    all, and fails when that table is out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { INCIDENTS } from './incidents.mjs';
import { play } from './play.mjs';
import { faultsOf, reportOf, tableOf } from './report.mjs';

const PAGE = fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url));
const BEGIN = '<!-- The table of the drill is written by: npm run drill -- --write -->\n';
const END = '<!-- End of the table of the drill -->\n';

async function pageWith(page, table) {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error('docs/runbook.md has no place for the table of the drill');
  const text = `${before}${BEGIN}\n${table}\n${END}${after}`;
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

const words = process.argv.slice(2);
const isWriting = words.includes('--write');
const isChecking = words.includes('--check');
const wanted = words.filter((word) => !word.startsWith('--'));
const isWanted = ({ title }) => wanted.length === 0 || wanted.some((word) => title.includes(word));

const findings = [];
for (const incident of INCIDENTS.filter(isWanted)) {
  const finding = await play(incident);
  findings.push(finding);
  console.log(reportOf(finding));
  for (const fault of faultsOf(finding)) {
    console.error(`  FALLS SHORT      ${fault}`);
    process.exitCode = 1;
  }
}

if (isWriting || isChecking) {
  const page = await readFile(PAGE, 'utf8');
  const expected = await pageWith(page, tableOf(findings));
  if (isWriting) await writeFile(PAGE, expected);
  else if (page !== expected) {
    console.error('docs/runbook.md is out of date: npm run drill -- --write');
    process.exitCode = 1;
  }
}
