import { expect, it } from '@jest/globals';
import { ALL_TENANTS, KnownGenerations, MOST_KNOWN_GENERATIONS } from './redis-generations.js';

it('remembers the last generation of each member, and tells whether a generation is new', () => {
  const known = new KnownGenerations();
  expect([known.of('a'), known.learn('a', 7), known.learn('a', 7), known.learn('a', 6)]).toEqual([
    0,
    true,
    false,
    false,
  ]);
  expect([known.of('a'), known.of('b')]).toEqual([7, 0]);
  known.learn(ALL_TENANTS, 8);
  expect([known.of('a'), known.of('b')]).toEqual([8, 8]);
});

it('drops the oldest members above its size and covers them with a generation for all', () => {
  const known = new KnownGenerations();
  for (let count = 1; count <= MOST_KNOWN_GENERATIONS + 5; count += 1) known.learn(`member ${count}`, count);
  const covered = known.of('an unknown member');
  expect(covered).toBeGreaterThanOrEqual(5);
  expect(covered).toBeLessThan(10);
  expect(known.of('member 1')).toBe(covered);
  expect(known.of(`member ${MOST_KNOWN_GENERATIONS}`)).toBe(MOST_KNOWN_GENERATIONS);
});
