import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

const POLICY = readFileSync('SECURITY.md', 'utf8');

/** The rows of the claims: what is claimed, and the tests of it. */
const CLAIMS = POLICY.split('| tested by')
  .slice(1)
  .flatMap((table) => (table.split('\n\n')[0] ?? '').split('\n').slice(2))
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, claim = '', tests = '']) => ({
    claim,
    tests: [...tests.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = '', file = '']) => ({
      title,
      file,
    })),
  }));

/** Where a title of the page says “…”, the test's title has the place of a value, such as `%s` or `$name`. */
function patternOf(title: string): string {
  return title
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
    .join(String.raw`(?:\$\w+|%[sdi#])`);
}

/** Whether a file has a test, or a group of tests, of this title. */
function hasTest(file: string, title: string): boolean {
  return new RegExp(`(?:\\(|^\\s*)(['"\`])${patternOf(title)}\\1,`, 'm').test(readFileSync(file, 'utf8'));
}

describe('the security policy', () => {
  it('names at least one test for each claim', () => {
    expect(CLAIMS.length).toBeGreaterThan(20);
    expect(CLAIMS.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  it.each(CLAIMS)('names tests that exist for: $claim', ({ tests }) => {
    const missing = tests.filter(({ title, file }) => !file.endsWith('.spec.ts') || !hasTest(file, title));
    expect(missing).toEqual([]);
  });
});
