import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { freshness, freshnessLimits, type FreshnessPolicy } from './freshness.js';

const DEFAULTS: FreshnessPolicy = { scope: 'client' };

function limits(lifetimeMs: number, policy: FreshnessPolicy = DEFAULTS, lifeMs = lifetimeMs) {
  return freshnessLimits(policy, lifeMs, lifetimeMs);
}

describe('the limits of a token', () => {
  it.each([
    { life: '60 minutes', lifetimeMs: HOUR_MS, rotate: MINUTE_MS, renew: 30 * MINUTE_MS, least: MINUTE_MS },
    {
      life: '30 minutes',
      lifetimeMs: HOUR_MS / 2,
      rotate: MINUTE_MS,
      renew: 15 * MINUTE_MS,
      least: MINUTE_MS,
    },
    { life: '24 hours', lifetimeMs: 24 * HOUR_MS, rotate: MINUTE_MS, renew: 12 * HOUR_MS, least: MINUTE_MS },
    { life: '90 seconds', lifetimeMs: 90 * SECOND_MS, rotate: 22_500, renew: 45_000, least: 9_000 },
  ])('scale with a life of $life', ({ lifetimeMs, rotate, renew, least }) => {
    expect(limits(lifetimeMs)).toEqual({
      rotateAfterMs: rotate,
      renewBelowMs: renew,
      minRemainingMs: least,
    });
  });

  it.each([
    { life: '60 minutes', lifetimeMs: HOUR_MS, rotate: HOUR_MS / 2 },
    { life: '24 hours', lifetimeMs: 24 * HOUR_MS, rotate: 12 * HOUR_MS },
    { life: '90 seconds', lifetimeMs: 90_000, rotate: 45_000 },
  ])('let a user keep a token for half of its life of $life', ({ lifetimeMs, rotate }) => {
    expect(limits(lifetimeMs, { scope: 'user' }).rotateAfterMs).toBe(rotate);
  });

  it('are shares of the life left on arrival, and minRemainingMs is a share of the whole lifetime', () => {
    expect(limits(HOUR_MS, DEFAULTS, 2 * MINUTE_MS)).toEqual({
      rotateAfterMs: MINUTE_MS / 2,
      renewBelowMs: MINUTE_MS,
      minRemainingMs: MINUTE_MS,
    });
  });

  it.each([
    {
      is: 'small values are kept',
      policy: { rotateAfterMs: 1_000, minRemainingMs: 5 },
      rotate: 1_000,
      least: 5,
    },
    { is: 'zero is kept', policy: { minRemainingMs: 0 }, rotate: MINUTE_MS, least: 0 },
    {
      is: 'large values are capped',
      policy: { rotateAfterMs: 10 * HOUR_MS, minRemainingMs: HOUR_MS },
      rotate: HOUR_MS / 4,
      least: HOUR_MS / 10,
    },
  ])('follow the configured values: $is', ({ policy, rotate, least }) => {
    expect(limits(HOUR_MS, { scope: 'client', ...policy })).toMatchObject({
      rotateAfterMs: rotate,
      minRemainingMs: least,
    });
  });

  it('cap a configured rotateAfterMs at half the life in user scope', () => {
    expect(limits(HOUR_MS, { scope: 'user', rotateAfterMs: HOUR_MS }).rotateAfterMs).toBe(HOUR_MS / 2);
  });
});

describe('freshness', () => {
  const hour = limits(HOUR_MS);

  it.each([
    { ageMs: 0, leftMs: HOUR_MS, is: 'fresh' },
    { ageMs: MINUTE_MS - 1, leftMs: 59 * MINUTE_MS + 1, is: 'fresh' },
    { ageMs: MINUTE_MS, leftMs: 59 * MINUTE_MS, is: 'rotate' },
    { ageMs: 30 * MINUTE_MS, leftMs: 30 * MINUTE_MS, is: 'rotate' },
    { ageMs: 30 * MINUTE_MS + 1, leftMs: 30 * MINUTE_MS - 1, is: 'renew' },
    { ageMs: 59 * MINUTE_MS, leftMs: MINUTE_MS, is: 'renew' },
    { ageMs: 59 * MINUTE_MS + 1, leftMs: MINUTE_MS - 1, is: 'unusable' },
    { ageMs: 2 * HOUR_MS, leftMs: -HOUR_MS, is: 'unusable' },
  ])('of a token of an hour with $leftMs ms left is $is', ({ ageMs, leftMs, is }) => {
    expect(freshness(ageMs, leftMs, hour)).toBe(is);
  });

  it.each([
    { leftMs: 67_501, is: 'fresh' },
    { leftMs: 67_500, is: 'rotate' },
    { leftMs: 45_000, is: 'rotate' },
    { leftMs: 44_999, is: 'renew' },
    { leftMs: 9_000, is: 'renew' },
    { leftMs: 8_999, is: 'unusable' },
  ])('of a token of 90 seconds with $leftMs ms left is $is', ({ leftMs, is }) => {
    expect(freshness(90_000 - leftMs, leftMs, limits(90_000))).toBe(is);
  });

  it('is unusable for an expired token, even if minRemainingMs is 0', () => {
    const none = limits(HOUR_MS, { scope: 'client', minRemainingMs: 0 });
    expect(freshness(HOUR_MS - 1, 1, none)).toBe('renew');
    expect(freshness(HOUR_MS, 0, none)).toBe('unusable');
  });

  it('goes through its four states in order, for every lifetime', () => {
    const order = ['fresh', 'rotate', 'renew', 'unusable'];
    for (const scope of ['client', 'user'] as const) {
      for (const lifeMs of [90 * SECOND_MS, HOUR_MS / 2, HOUR_MS, 24 * HOUR_MS]) {
        const fitted = limits(lifeMs, { scope });
        const seen: string[] = [];
        for (let step = 0; step <= 1_000; step += 1) {
          const ageMs = (lifeMs * step) / 1_000;
          const state = freshness(ageMs, lifeMs - ageMs, fitted);
          if (state !== seen.at(-1)) seen.push(state);
        }
        expect(seen).toEqual(order);
      }
    }
  });
});
