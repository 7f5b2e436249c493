import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { NudgeTokenClaims } from './claims.js';
import { HeldToken } from './held-token.js';
import { LeastVendorTime, lifeByVendorTime, type AnswerTiming } from './vendor-time.js';

const IAT_MS = Date.UTC(2031, 4, 6, 7, 8, 9);
const CLAIMS: NudgeTokenClaims = {
  issuedAtMs: IAT_MS,
  expiresAtMs: IAT_MS + HOUR_MS,
  algorithm: 'EdDSA',
  keyId: undefined,
};
/** The life is shortened by this much, because `Date` shows only whole seconds. */
const CAUTION_MS = 1_000;

function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** The timing of an answer to a call that was sent when this machine's clock showed `IAT + localMs`. */
function timing(localMs: number, headers: Pick<AnswerTiming, 'date' | 'age'>, tookMs = 200): AnswerTiming {
  const sentAt = { wallMs: IAT_MS + localMs, monotonicMs: 50 };
  return {
    sentAt,
    receivedAt: { wallMs: sentAt.wallMs + tookMs, monotonicMs: 50 + tookMs },
    ...headers,
  };
}

describe('lifeByVendorTime', () => {
  it.each([
    { clocks: 'all clocks agree', localMs: 0 },
    { clocks: 'this clock is ten minutes slow', localMs: -10 * MINUTE_MS },
    { clocks: 'this clock is ten minutes fast', localMs: 10 * MINUTE_MS },
    { clocks: 'this clock is an hour fast', localMs: HOUR_MS },
  ])('follows the vendor’s clock when $clocks', ({ localMs }) => {
    expect(lifeByVendorTime(CLAIMS, timing(localMs, { date: httpDate(IAT_MS) }))).toEqual({
      lifeMs: HOUR_MS - CAUTION_MS - 200,
      ageOnArrivalMs: 200,
      skewMs: 0 - localMs,
    });
  });

  it.each([10, -10])(
    'gives the right life when the vendor’s clock is %d minutes off in tokens and dates',
    (minutes) => {
      const offMs = minutes * MINUTE_MS;
      const claims = { ...CLAIMS, issuedAtMs: IAT_MS + offMs, expiresAtMs: CLAIMS.expiresAtMs + offMs };
      expect(lifeByVendorTime(claims, timing(0, { date: httpDate(IAT_MS + offMs) }))).toEqual({
        lifeMs: HOUR_MS - CAUTION_MS - 200,
        ageOnArrivalMs: 200,
        skewMs: offMs,
      });
    },
  );

  it('finds the age of a token that the vendor issued earlier', () => {
    expect(lifeByVendorTime(CLAIMS, timing(0, { date: httpDate(IAT_MS + 20 * MINUTE_MS) }))).toMatchObject({
      lifeMs: 40 * MINUTE_MS - CAUTION_MS - 200,
      ageOnArrivalMs: 20 * MINUTE_MS + 200,
    });
  });

  it('adds the age of an answer that came from a cache', () => {
    const cached = timing(0, { date: httpDate(IAT_MS), age: '300' });
    expect(lifeByVendorTime(CLAIMS, cached)).toMatchObject({
      lifeMs: 55 * MINUTE_MS - CAUTION_MS - 200,
      skewMs: 5 * MINUTE_MS,
    });
  });

  it.each(['', '-5', '1.5', 'soon', '9999999999', '1, 2'])('ignores "%s" as an age', (age) => {
    expect(lifeByVendorTime(CLAIMS, timing(0, { date: httpDate(IAT_MS), age }))).toMatchObject({ skewMs: 0 });
  });

  it.each([
    { is: 'no date', date: undefined },
    { is: 'a date that cannot be parsed', date: 'yesterday' },
    { is: 'a date long ago', date: httpDate(0) },
    { is: 'a date further ahead than any token lives', date: httpDate(IAT_MS + 25 * HOUR_MS) },
  ])('follows the local clock and reports no skew with $is', ({ date }) => {
    expect(lifeByVendorTime(CLAIMS, timing(2 * MINUTE_MS, { date }))).toEqual({
      lifeMs: 58 * MINUTE_MS - CAUTION_MS - 200,
      ageOnArrivalMs: 2 * MINUTE_MS + 200,
      skewMs: undefined,
    });
  });

  it.each([
    { is: 'the date', headers: { date: httpDate(IAT_MS - 5 * MINUTE_MS) }, localMs: 0 },
    { is: 'a local clock without a date', headers: {}, localMs: -10 * MINUTE_MS },
  ])('counts from iat when $is is before it', ({ headers, localMs }) => {
    expect(lifeByVendorTime(CLAIMS, timing(localMs, headers)).lifeMs).toBe(HOUR_MS - CAUTION_MS - 200);
  });

  it('counts from the sending when an answer is slow or the machine was suspended', () => {
    expect(lifeByVendorTime(CLAIMS, timing(0, { date: httpDate(IAT_MS) }, 9_000)).lifeMs).toBe(
      HOUR_MS - CAUTION_MS - 9_000,
    );
    const slept = {
      ...timing(0, { date: httpDate(IAT_MS) }),
      receivedAt: { wallMs: IAT_MS + HOUR_MS, monotonicMs: 51 },
    };
    expect(lifeByVendorTime(CLAIMS, slept).lifeMs).toBe(-CAUTION_MS);
  });

  it('never gives a longer life than the token has, for any difference of the clocks', () => {
    for (const localMs of [-HOUR_MS, -10 * MINUTE_MS, 0, 10 * MINUTE_MS, HOUR_MS]) {
      for (const agedMs of [0, 999, 10 * MINUTE_MS, 59 * MINUTE_MS]) {
        const placed = lifeByVendorTime(CLAIMS, timing(localMs, { date: httpDate(IAT_MS + agedMs) }));
        expect(placed.lifeMs).toBeLessThanOrEqual(HOUR_MS - agedMs - 200);
      }
    }
  });
});

describe('a held token', () => {
  function hold(clock: ManualClock, lifeMs = HOUR_MS, ageOnArrivalMs = 0): HeldToken {
    return new HeldToken(
      {
        token: 'obviously.fake.token',
        claims: CLAIMS,
        arrivedAt: clock.now(),
        lifeMs,
        ageOnArrivalMs,
        keyFingerprint: '0a1b2c3d',
      },
      { scope: 'client' },
    );
  }

  it('is handed out in whole milliseconds of this machine’s clock, and cannot be changed', () => {
    const clock = new ManualClock(1_000_000.25);
    const given = hold(clock, HOUR_MS + 0.5, 5_000.5).handOut(clock.now());
    expect(given).toEqual({ token: 'obviously.fake.token', issuedAt: 994_999, expiresAt: 4_600_000 });
    expect(Object.isFrozen(given)).toBe(true);
  });

  it('gives every caller the same object while both clocks run alike', () => {
    const clock = new ManualClock();
    const held = hold(clock);
    const first = held.handOut(clock.now());
    clock.advance(10 * MINUTE_MS);
    clock.stepWall(-9);
    expect(held.handOut(clock.now())).toBe(first);
  });

  it.each([
    { is: 'set back an hour', stepMs: -HOUR_MS, leftMs: 50 * MINUTE_MS },
    { is: 'set back a second', stepMs: -1_000, leftMs: 50 * MINUTE_MS },
    { is: 'set ahead ten minutes', stepMs: 10 * MINUTE_MS, leftMs: 40 * MINUTE_MS },
  ])('gives the right expiry by a wall clock that was $is', ({ stepMs, leftMs }) => {
    const clock = new ManualClock();
    const held = hold(clock);
    clock.advance(10 * MINUTE_MS);
    clock.stepWall(stepMs);
    const now = clock.now();
    expect(held.remainingMs(now)).toBe(leftMs);
    expect(held.ageMs(now)).toBe(HOUR_MS - leftMs);
    expect(held.handOut(now).expiresAt - now.wallMs).toBe(leftMs);
  });

  it('ages while the machine is suspended, although the monotonic clock stands still', () => {
    const clock = new ManualClock();
    const held = hold(clock);
    clock.suspend(HOUR_MS - 30_000);
    expect(held.freshness(clock.now())).toBe('unusable');
  });
});

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
