import { describe, expect, it } from '@jest/globals';
import type { NudgeToken } from '../token/nudge-token.js';
import { AnswerBodies, tokenAnswer } from './token-answer.js';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;

function tokenCalled(token: string, expiresAt = NOW_MS + HOUR_MS): NudgeToken {
  return { token, issuedAt: NOW_MS, expiresAt };
}

describe('AnswerBodies', () => {
  it('writes the same JSON as JSON.stringify does of the answer', () => {
    const token = tokenCalled('a"\\b', NOW_MS + HOUR_MS + 999);
    const bodies = new AnswerBodies(() => 0.25);
    for (const nowMs of [NOW_MS, NOW_MS + 1, NOW_MS + 999, NOW_MS + 1000, NOW_MS - 5000, NOW_MS + HOUR_MS]) {
      expect(bodies.bodyOf(token, nowMs)).toBe(JSON.stringify(tokenAnswer(token, nowMs, () => 0.25)));
    }
  });

  it('gives clients that ask in one moment different refresh times, from 75 to 95 % of the remaining life', () => {
    const draws = Array.from({ length: 1000 }, (_, index) => index / 1000);
    let drawn = 0;
    const bodies = new AnswerBodies(() => draws[drawn++] ?? 0);
    const token = tokenCalled('token');
    const refreshTimes = draws.map(
      () => (JSON.parse(bodies.bodyOf(token, NOW_MS)) as { refreshIn: number }).refreshIn,
    );
    expect(new Set(refreshTimes).size).toBe(720);
    expect([Math.min(...refreshTimes), Math.max(...refreshTimes)]).toEqual([2700, 3419]);
  });

  it('writes the body anew when the token or its expiry differs from the last one', () => {
    const bodies = new AnswerBodies(() => 0);
    for (const token of [
      tokenCalled('one'),
      tokenCalled('two'),
      tokenCalled('two', NOW_MS + 2 * HOUR_MS),
      tokenCalled('one'),
    ]) {
      expect(JSON.parse(bodies.bodyOf(token, NOW_MS))).toEqual({ ...tokenAnswer(token, NOW_MS, () => 0) });
    }
  });
});
