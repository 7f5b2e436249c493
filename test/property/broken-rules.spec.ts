import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { BROKEN_RULES } from './broken-rules.list.mjs';

// `npm run test:broken-rules` takes minutes and runs seldom. This test tells in time that the code or a spec has moved.
it.each(BROKEN_RULES)('a change can break the rule: $rule', ({ file, text, replacement, spec }) => {
  expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2);
  expect(replacement).not.toBe(text);
  expect(spec === undefined || existsSync(spec)).toBe(true);
});
