import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/manual-clock.js';
import { LeastVendorTime } from './least-vendor-time.js';

const HOUR_MS = 3_600_000;

describe('the earliest time that the vendor’s clock can show', () => {
  const clock = new ManualClock();
  const issuedAtMs = Date.UTC(2029, 0, 1);

  it('is unknown before the first token, then rises with the monotonic clock and not with the wall clock', () => {
    const least = new LeastVendorTime();
    expect(least.atMs(clock.now())).toBe(Number.NEGATIVE_INFINITY);
    least.saw(issuedAtMs, clock.now());
    clock.advance(HOUR_MS);
    clock.stepWall(24 * HOUR_MS);
    expect(least.atMs(clock.now())).toBe(issuedAtMs + HOUR_MS);
  });

  it('goes back after an answer of the vendor, not after an older token from elsewhere', () => {
    const least = new LeastVendorTime();
    least.saw(issuedAtMs, clock.now());
    least.saw(issuedAtMs - HOUR_MS, clock.now());
    expect(least.atMs(clock.now())).toBe(issuedAtMs);
    least.answered(issuedAtMs - HOUR_MS, clock.now());
    expect(least.atMs(clock.now())).toBe(issuedAtMs - HOUR_MS);
  });
});
