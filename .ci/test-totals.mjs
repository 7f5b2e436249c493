/*
 * Adds up what the test runs in the given logs counted: jest's closing "Tests:" line, the closing lines of Node's own
 * runner. Ends with 1 for a failed or skipped test, and for a log without a count.
 */
import { existsSync, readFileSync } from 'node:fs';

/** The words of both runners. */
const MEANING = {
  pass: 'passed',
  passed: 'passed',
  fail: 'failed',
  failed: 'failed',
  cancelled: 'failed',
  skipped: 'skipped',
  todo: 'skipped',
};

function countsOf(text) {
  const jest = text.match(/^Tests: .*$/gm)?.at(-1) ?? '';
  const node = text.matchAll(/^ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/gm);
  return [
    ...Array.from(jest.matchAll(/(\d+) (passed|failed|skipped|todo)/g), ([, number, word]) => [word, number]),
    ...Array.from(node, ([, word, number]) => [word, number]),
  ];
}

const logs = process.argv.slice(2).filter((path) => existsSync(path));
const total = { passed: 0, failed: 0, skipped: 0 };
const empty = [];
for (const path of logs) {
  const counts = countsOf(readFileSync(path, 'utf8'));
  for (const [word, number] of counts) total[MEANING[word]] += Number(number);
  if (counts.length === 0) empty.push(path);
}
for (const path of empty) console.log(`${path}: no test was counted`);
if (total.skipped > 0) console.log(`${total.skipped} tests were skipped: nothing may be left out here`);
if (logs.length > 0) console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = empty.length + total.skipped + total.failed === 0 ? 0 : 1;
