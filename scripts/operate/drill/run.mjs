/*
 * Plays incidents. Prints for each one the log lines, events, metrics, health and alerts that show it. Fails if no line
 * and no event shows an incident, if no metric or no alert does, or if it does not end.
 *
 *   npm run drill               plays all incidents
 *   npm run drill -- slow 429   plays the incidents whose titles have one of these words
 *   npm run drill -- --write    plays all, and writes the table in docs/runbook.md
 *   npm run drill -- --check    plays all, and fails if that table is out of date
 */
import { writePart } from '../../marked-part.mjs';
import { INCIDENTS } from './incidents.mjs';
import { play } from './play.mjs';
import { faultsOf, reportOf, tableOf } from './report.mjs';

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
  await writePart({
    page: 'docs/runbook.md',
    name: 'table of the drill',
    verb: 'is',
    command: 'npm run drill -- --write',
    lines: [tableOf(findings)],
    isCheck: !isWriting,
  });
}
