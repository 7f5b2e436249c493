import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const GUIDE = readFileSync('CONTRIBUTING.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

const CHANGES = [...GUIDE.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, change = '']) => ({
  file: /^\+\+\+ b\/(.*)$/m.exec(change)?.[1],
  change,
}));

/** npm runs these around another script. */
const isHook = (name: string): boolean => /^(pre|post)/.test(name);

describe('the guide for contributors', () => {
  it.each(CHANGES)('has a first change that fits $file as it is', ({ change }) => {
    const { stderr } = spawnSync('git', ['apply', '--check', '-'], { input: change, encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it('explains each script of package.json', () => {
    const explained = [...GUIDE.matchAll(/`npm (?:run )?([\w:-]+)/g)].map(([, name = '']) => name);
    const missing = Object.keys(scripts).filter((name) => !isHook(name) && !explained.includes(name));
    expect(missing).toEqual([]);
  });
});
