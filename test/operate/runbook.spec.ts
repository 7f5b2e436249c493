import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { NUDGE_AUTH_ERROR_CODES } from '../../src/common/errors.js';
import { sampleLogLines } from './support/log-line-samples.js';

const page = await readFile('docs/runbook.md', 'utf8');
const missing = (texts: readonly string[]): string[] => texts.filter((text) => !page.includes(text));

it('the runbook quotes every line of the log', () => {
  const lines = sampleLogLines();
  expect(lines.length).toBeGreaterThan(20);
  expect(missing(lines)).toEqual([]);
});

it('the runbook has a heading for every alert, and for no other', async () => {
  const rules = await readFile('docs/prometheus-alerts.yml', 'utf8');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const headings = [...page.matchAll(/^### (NudgeAuth\w+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(alerts);
});

it('the runbook says what to do about every error code', () => {
  expect(missing(NUDGE_AUTH_ERROR_CODES.map((code) => `\n| \`${code}\` `))).toEqual([]);
});
