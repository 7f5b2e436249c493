import { describe, expect, it } from '@jest/globals';
import { holdToken, type HeldToken } from './held-token.js';
import { makePause } from './pause.js';

const SECOND_MS = 1_000;

describe('a held token', () => {
  const heldAt = (sentAt: number, expiresIn = 60, refreshIn = 45): HeldToken => {
    const held = holdToken();
    expect(held.keep({ token: 'A', expiresIn, refreshIn }, sentAt)).toBe(true);
    return held;
  };

  it('is returned until it expires', () => {
    const held = heldAt(1_000);
    expect(held.give(60_999)).toBe('A');
    expect(held.give(61_000)).toBeNull();
  });

  it('stays when the endpoint answers with a bad token', () => {
    const held = heldAt(0);
    expect(held.keep({ token: '', expiresIn: 60, refreshIn: 45 }, 1_000)).toBe(false);
    expect(held.keep({ token: 'B', expiresIn: 0.9, refreshIn: 0 }, 1_000)).toBe(false);
    expect(held.give(1_000)).toBe('A');
  });

  it('makes the next token due only after the SDK got it, and not after reset()', () => {
    const held = heldAt(0);
    expect(held.dueAt()).toBe(Infinity);
    held.give(0);
    expect(held.dueAt()).toBe(45 * SECOND_MS);
    held.reset();
    expect(held.dueAt()).toBe(Infinity);
    expect(held.isAlive(0)).toBe(false);
  });

  it('is good for ten seconds after the SDK first got it, and again when the endpoint returns it again', () => {
    const held = heldAt(0);
    held.give(0);
    held.give(9 * SECOND_MS);
    expect(held.isGood(10 * SECOND_MS)).toBe(true);
    expect(held.isGood(10 * SECOND_MS + 1)).toBe(false);
    held.keep({ token: 'A', expiresIn: 60, refreshIn: 45 }, 11 * SECOND_MS);
    held.give(11 * SECOND_MS);
    expect(held.isGood(21 * SECOND_MS)).toBe(true);
  });

  it('may be replaced once a minute while it lives, and always when it has expired', () => {
    const held = heldAt(0, 120);
    expect([held.allows(1), held.allows(60_000), held.allows(60_001)]).toEqual([true, false, true]);
    expect([held.allows(120_000), held.allows(120_001)]).toEqual([true, true]);
  });
});

describe('a pause', () => {
  it('grows with failures of one kind, and is short again after another kind or a success', () => {
    const pause = makePause();
    const lengthsMs = [
      pause.start(0, 0, '', 0),
      pause.start(10_000, 0, '', 0),
      pause.start(100_000, 0, 'headers', 0),
    ];
    pause.reset();
    lengthsMs.push(pause.start(500_000, 0, 'headers', 0));
    expect(lengthsMs).toEqual([5_000, 10_000, 30_000, 30_000]);
  });

  it('does not change when another failure comes during it', () => {
    const pause = makePause();
    pause.start(0, 0, '', 0);
    expect(pause.start(1, 0, 'headers', 0)).toBe(0);
    expect(pause.dueAt()).toBe(5_000);
  });

  it.each([
    ['other headers', 'new'],
    ['a sign-out', undefined],
  ])('after refused headers ends with %s, and not with the refused headers', (_name, headers) => {
    const pause = makePause();
    pause.start(0, 0, 'old', 0);
    expect(pause.holds(1)).toBe(false);
    pause.see(1, 'old');
    expect(pause.dueAt()).toBe(30_000);
    pause.see(1, headers);
    expect(pause.dueAt()).toBe(0);
  });

  it('after refused headers ends early at most once in 30 seconds', () => {
    const pause = makePause();
    pause.start(0, 0, 'old', 0);
    pause.see(1, 'new');
    pause.start(2, 0, 'new', 0);
    pause.see(30_000, 'newer');
    expect(pause.dueAt()).toBe(60_002);
    pause.see(30_001, 'newer');
    expect(pause.dueAt()).toBe(0);
  });

  it('after another failure does not end with other headers', () => {
    const pause = makePause();
    pause.start(0, 0, '', 0);
    expect(pause.holds(1)).toBe(true);
    pause.see(1, 'new');
    expect(pause.dueAt()).toBe(5_000);
  });

  it('that the endpoint asked for does not end early', () => {
    const pause = makePause();
    pause.start(0, 0, 'old', 50_000);
    pause.see(49_999, 'new');
    pause.end(49_999);
    expect(pause.dueAt()).toBe(50_000);
  });
});
