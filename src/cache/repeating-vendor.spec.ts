import { describe, expect, it } from '@jest/globals';
import { fleetOf, REQUEST } from '../../test/support/simulated-fleet.js';
import { askAndPass, failureOf, TokenLife } from '../../test/support/token-life.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { readClaims } from '../token/claims.js';
import { lifeByVendorTime } from '../token/vendor-time.js';
import type { FetchedToken, TokenSource } from '../vendor/token-source.js';

const LIFE_MS = 100 * SECOND_MS;
const STEP_MS = 100;

/** Answers every call with the same token until it issues a new one. */
class RepeatingVendor implements TokenSource {
  readonly calledAtMs: number[] = [];
  /** When the vendor issues its tokens, in milliseconds since the test began. */
  readonly #issuedAtMs: readonly number[];
  readonly #clock: ManualClock;
  readonly #startMs: number;

  constructor(clock: ManualClock, issuedAtMs: readonly number[]) {
    this.#clock = clock;
    this.#startMs = clock.now().wallMs;
    this.#issuedAtMs = issuedAtMs;
  }

  get #nowMs(): number {
    return this.#clock.now().wallMs - this.#startMs;
  }

  async fetchToken(): Promise<FetchedToken> {
    const sentAt = this.#clock.now();
    this.calledAtMs.push(this.#nowMs);
    await new Promise<void>((resolve) => this.#clock.schedule(10, resolve));
    const issuedAtMs = this.#issuedAtMs.findLast((atMs) => atMs <= this.#nowMs) ?? 0;
    const iat = (this.#startMs + issuedAtMs) / SECOND_MS;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS256' })}.${part({ iat, exp: iat + LIFE_MS / SECOND_MS })}.c2ln`;
    const claims = readClaims(token);
    const receivedAt = this.#clock.now();
    const date = new Date(receivedAt.wallMs).toUTCString();
    const life = lifeByVendorTime(claims, { sentAt, receivedAt, date });
    return { token, claims, arrivedAt: receivedAt, ...life, keyFingerprint: '0a1b2c3d' };
  }

  callsBetween(fromMs: number, toMs: number): number {
    return this.calledAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
  }
}

/** Each asker asks every 100 ms. Returns when each of them first got a token that outlives the first token. */
async function freshAfterMs(
  clock: ManualClock,
  askers: readonly (() => Promise<number>)[],
  untilMs: number,
): Promise<{ foundAtMs: number[]; refusals: number }> {
  const startMs = clock.now().wallMs;
  const foundAtMs: number[] = [];
  let refusals = 0;
  for (let passedMs = 0; passedMs < untilMs; passedMs += STEP_MS) {
    for (const [index, ask] of askers.entries()) {
      void (async () => {
        const expiresAt = await ask().catch(() => undefined);
        if (expiresAt === undefined) refusals += 1;
        else if (expiresAt > startMs + LIFE_MS) foundAtMs[index] ??= clock.now().wallMs - startMs;
      })();
    }
    await clock.advanceAsync(STEP_MS);
  }
  return { foundAtMs, refusals };
}

describe('a vendor that repeats a token until its end', () => {
  it.each([90, 93.5, 97, 98.9, 99, 99.5, 100, 101])(
    'is asked rarely until the end comes near, and a fresh token that it issues after %d s is found within a second',
    async (seconds) => {
      const freshAtMs = seconds * SECOND_MS;
      const { clock, pod } = fleetOf(0);
      const vendor = new RepeatingVendor(clock, [0, freshAtMs]);
      const cache = pod(vendor);
      const ask = async (): Promise<number> => (await cache.getToken(REQUEST)).expiresAt;
      const { foundAtMs, refusals } = await freshAfterMs(clock, [ask], 110 * SECOND_MS);
      expect((foundAtMs[0] ?? Number.NaN) - freshAtMs).toBeLessThanOrEqual(SECOND_MS);
      expect(refusals).toBeLessThanOrEqual((freshAtMs + SECOND_MS - 88 * SECOND_MS) / STEP_MS);
      expect(vendor.callsBetween(0, 85 * SECOND_MS)).toBeLessThanOrEqual(10);
      expect(vendor.callsBetween(85 * SECOND_MS, 110 * SECOND_MS)).toBeLessThanOrEqual(20);
    },
  );

  it.each([95, 98.9, 100])(
    'is asked by one of twenty processes that share a store, and all get the fresh token that it issues after %d s',
    async (seconds) => {
      const freshAtMs = seconds * SECOND_MS;
      const { clock, pod } = fleetOf(0);
      const vendor = new RepeatingVendor(clock, [0, freshAtMs]);
      const askers = Array.from({ length: 20 }, () => {
        const cache = pod(vendor);
        return async (): Promise<number> => (await cache.getToken(REQUEST)).expiresAt;
      });
      const { foundAtMs } = await freshAfterMs(clock, askers, 106 * SECOND_MS);
      expect(foundAtMs).toHaveLength(20);
      expect(Math.min(...foundAtMs) - freshAtMs).toBeLessThanOrEqual(SECOND_MS);
      expect(Math.max(...foundAtMs) - freshAtMs).toBeLessThanOrEqual(2 * SECOND_MS);
      expect(vendor.callsBetween(85 * SECOND_MS, 106 * SECOND_MS)).toBeLessThanOrEqual(25);
    },
  );

  it('is asked less and less often when its token has ended and no fresh one follows', async () => {
    const { clock, pod } = fleetOf(0);
    const vendor = new RepeatingVendor(clock, [0]);
    const cache = pod(vendor);
    const ask = async (): Promise<number> => (await cache.getToken(REQUEST)).expiresAt;
    await freshAfterMs(clock, [ask], 400 * SECOND_MS);
    expect(vendor.callsBetween(102 * SECOND_MS, 132 * SECOND_MS)).toBeLessThanOrEqual(6);
    expect(vendor.callsBetween(200 * SECOND_MS, 400 * SECOND_MS)).toBeLessThanOrEqual(8);
  });

  it('gets at most one call in 30 s for one user, and one more when the user’s token ends', async () => {
    const life = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'not asked here' } });
    const user = { extId: 'ada' };
    life.vendor.behaviour = { kind: 'short', lifeMs: 30 * MINUTE_MS };
    await askAndPass(life, 10, user);
    life.vendor.behaviour = { kind: 'repeating' };
    for (let second = 0; second < 30 * 60 - 5; second += 1) await askAndPass(life, SECOND_MS, user);
    life.vendor.behaviour = { kind: 'well' };
    expect(failureOf(await askAndPass(life, 10, user)).retryAfterMs).toBeLessThanOrEqual(7 * SECOND_MS);
    await life.clock.advanceAsync(7 * SECOND_MS);
    expect((await askAndPass(life, 10, user)).error).toBeUndefined();
    const gapsMs = life.calls.slice(1).map(({ atMs }, index) => atMs - (life.calls[index]?.atMs ?? 0));
    expect(gapsMs.filter((gapMs) => gapMs < 30 * SECOND_MS).length).toBeLessThanOrEqual(1);
  });
});
