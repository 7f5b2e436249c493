import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKEN_RULES } from './broken-rules.list.mjs';

/**
 * Breaks each rule that keeps tenants apart, one at a time and in a copy, and says whether a test notices. Exit code 1:
 * one of them could be broken without any test failing. `npm run test:broken-rules -- WORD` breaks only the rules with this
 * word in their description, file or spec.
 */
const PROPERTY = 'test/property/tenant-isolation.spec.ts';
/** Some breaks show in one of 60 histories: with so many it is no matter of chance whether they are noticed. */
const HISTORIES = process.env['NUDGE_HISTORIES'] ?? '1000';
const JEST = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
const COPIED = ['src', 'test', 'scripts', 'peers', 'package.json', 'tsconfig.json', 'jest.config.js'];

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(realpathSync(tmpdir()), 'nudge-broken-rules-'));

/** How many tests fail in the copy, and how many pass; or that they did not even begin. */
function tested(spec) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const { stderr } = spawnSync(
    process.execPath,
    [...JEST, '--coverage=false', '-i', '--json', `--outputFile=${report}`, spec],
    { cwd: copy, env: { ...process.env, NUDGE_HISTORIES: HISTORIES, NUDGE_SHRINK: 'no' }, encoding: 'utf8' },
  );
  try {
    const { numFailedTests, numPassedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    if (numRuntimeErrorTestSuites === 0) return { failed: numFailedTests, passed: numPassedTests };
  } catch {
    // Without a report the reason stands in what jest said.
  }
  throw new Error(`${spec} did not run:\n${stderr}`);
}

/** Whether a test fails while the rule is broken. */
function isNoticed({ rule, file, text, replacement, spec = PROPERTY }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2)
    throw new Error(`${rule}: ${file} does not have its text exactly once`);
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  try {
    return tested(spec).failed > 0;
  } finally {
    writeFileSync(path, source);
  }
}

try {
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const [, , word = ''] = process.argv;
  const rules = BROKEN_RULES.filter(({ rule, file, spec = PROPERTY }) =>
    [rule, file, spec].some((text) => text.includes(word)),
  );
  if (rules.length === 0) throw new Error(`No rule has "${word}" in its description, file or spec`);
  const passing = new Set();
  const unnoticed = rules.filter((broken) => {
    const { spec = PROPERTY } = broken;
    if (!passing.has(spec)) {
      const { failed, passed } = tested(spec);
      if (failed > 0 || passed === 0) throw new Error(`${spec} fails although no rule is broken`);
      passing.add(spec);
    }
    const isSeen = isNoticed(broken);
    console.log(`${isSeen ? 'noticed  ' : 'UNNOTICED'}  ${broken.rule}`);
    return !isSeen;
  });
  console.log(`${rules.length - unnoticed.length} of ${rules.length} broken rules were noticed.`);
  process.exitCode = unnoticed.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true });
}
