import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/manual-clock.js';
import { LeastVendorTime } from './least-vendor-time.js';

const HOUR_MS = 3_600_000;

describe('the least that the vendor’s clock can say', () => {
  const clock = new ManualClock();
  const issuedAtMs = Date.UTC(2029, 0, 1);

  it('is unknown before any token was seen, and rises with the time that passes, not with the wall clock', () => {
    const least = new LeastVendorTime();
    expect(least.atMs(clock.now())).toBe(Number.NEGATIVE_INFINITY);
    least.saw(issuedAtMs, clock.now());
    clock.advance(HOUR_MS);
    clock.stepWall(24 * HOUR_MS);
    expect(least.atMs(clock.now())).toBe(issuedAtMs + HOUR_MS);
  });

  it('is set back by the vendor alone, not by an older token', () => {
    const least = new LeastVendorTime();
    least.saw(issuedAtMs, clock.now());
    least.saw(issuedAtMs - HOUR_MS, clock.now());
    expect(least.atMs(clock.now())).toBe(issuedAtMs);
    least.answered(issuedAtMs - HOUR_MS, clock.now());
    expect(least.atMs(clock.now())).toBe(issuedAtMs - HOUR_MS);
  });
});
