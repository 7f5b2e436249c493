import { describe, expect, it } from '@jest/globals';
import { array, assert as assertAlways, integer, nat, property, record } from 'fast-check';
import { reconnectDelayMs } from './own-client.js';
import { passedMs, RedisClock } from './redis-clock.js';

const US_PER_MS = 1_000;

describe('RedisClock', () => {
  it('gives a deadline that has already passed before the first answer', () => {
    expect(new RedisClock().deadlineUs(5_000, 100)).toBe(0);
  });

  it('ends a deadline never early and at most a round trip late, however long messages take', () => {
    const roundTrip = record({
      pauseMs: nat(10_000),
      thereMs: integer({ min: 0, max: 300 }),
      backMs: integer({ min: 0, max: 300 }),
    });
    const roundTrips = array(roundTrip, { minLength: 1, maxLength: 20 });
    assertAlways(
      property(integer({ min: -1e9, max: 1e9 }), roundTrips, (aheadMs, trips) => {
        const clock = new RedisClock();
        let nowMs = 1e6;
        let shortestMs = Number.POSITIVE_INFINITY;
        for (const { pauseMs, thereMs, backMs } of trips) {
          const sentAtMs = nowMs + pauseMs;
          nowMs = sentAtMs + thereMs + backMs;
          clock.learn(sentAtMs, nowMs, (sentAtMs + thereMs + aheadMs) * US_PER_MS);
          shortestMs = Math.min(shortestMs, thereMs);
          const lateMs = clock.deadlineUs(nowMs, 100) / US_PER_MS - (nowMs + aheadMs + 100);
          expect(lateMs).toBeGreaterThanOrEqual(0);
          expect(lateMs).toBeLessThanOrEqual(shortestMs + 1);
        }
      }),
    );
  });

  it.each([
    ['ahead', 60_000],
    ['back', -60_000],
  ])('learns the time anew when the clock is set %s, or another server answers', (_where, stepMs) => {
    const clock = new RedisClock();
    clock.learn(1_000, 1_010, 5_005 * US_PER_MS);
    clock.learn(2_000, 2_010, (6_005 + stepMs) * US_PER_MS);
    expect(clock.deadlineUs(3_000, 100)).toBe((7_105 + stepMs) * US_PER_MS);
  });
});

describe('passedMs', () => {
  it('is never negative, and is undefined when the clock was set back', () => {
    expect(passedMs(3_000, 5_000)).toBe(2);
    expect(passedMs(5_000, 3_000)).toBe(0);
    expect(passedMs(2_000_000, 999_000)).toBeUndefined();
  });
});

describe('reconnectDelayMs', () => {
  it('is short while a process starts, then grows to 2 s, and is random', () => {
    expect(reconnectDelayMs(1, () => 0)).toBe(50);
    expect(reconnectDelayMs(20, () => 1)).toBe(100);
    expect(reconnectDelayMs(22, () => 1)).toBe(400);
    expect(reconnectDelayMs(1_000, () => 0)).toBe(1_000);
    expect(reconnectDelayMs(1_000, () => 1)).toBe(2_000);
  });
});
