/*
 * Adds up the test counts in the given logs: the last "Tests:" line of jest and the last lines of Node's test runner.
 * The exit code is 1 if a test failed or was skipped, or if a log has no counts.
 */
import { existsSync, readFileSync } from 'node:fs';

/** The words of both runners, and what they count as. */
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
for (const path of empty) console.log(`${path}: no test counts were found`);
if (total.skipped > 0) console.log(`${total.skipped} tests were skipped: CI must run all tests`);
if (logs.length > 0) console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = empty.length + total.skipped + total.failed === 0 ? 0 : 1;
