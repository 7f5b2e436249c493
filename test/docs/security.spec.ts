import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

const POLICY = readFileSync('SECURITY.md', 'utf8');

/** The rows of the claims: what is claimed, and the tests that hold it. */
const CLAIMS = POLICY.split('| held by')
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

/** Whether a file has a test, or a group of tests, of this title. */
function hasTest(file: string, title: string): boolean {
  const source = readFileSync(file, 'utf8');
  return ["'", '"', '`'].some((quote) =>
    [`(${quote}${title}${quote},`, `${quote}${title}${quote},\n`].some((call) => source.includes(call)),
  );
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
