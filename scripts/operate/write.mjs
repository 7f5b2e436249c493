/*
 * Writes the files for Prometheus and Grafana.
 *
 *   npm run alerts             writes the files
 *   npm run alerts -- --check  fails when one of them is out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { dashboard } from './dashboard.mjs';
import { ruleFile } from './rule-file.mjs';
import { ruleTests } from './rule-tests.mjs';

const FILES = {
  'docs/prometheus-alerts.yml': ruleFile,
  'docs/prometheus-alerts.test.yml': ruleTests,
  'docs/grafana-dashboard.json': dashboard,
};

for (const [name, write] of Object.entries(FILES)) {
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const text = await format(write(), { ...(await resolveConfig(path)), filepath: path });
  if (!process.argv.includes('--check')) await writeFile(path, text);
  else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`${name} is out of date: npm run alerts`);
    process.exitCode = 1;
  }
}
