import { describe, expect, it } from '@jest/globals';
import {
  A_TOKEN,
  askAll,
  BlackHole,
  DownVendor,
  ENTRY,
  fleetOf,
  Network,
  noAnswer,
  REQUEST,
} from '../../test/support/simulated-fleet.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { TokenSource } from '../vendor/token-source.js';

describe('a process whose calls to Nudge get no answer', () => {
  it.each(['announces changes', 'announces no change'])(
    'gives the lease back after one attempt, so that another process calls and serves all, if the store %s',
    async (announcement) => {
      const { clock, vendor, network, pods, pod, said } = fleetOf(3);
      if (announcement === 'announces no change') network.untilChanged = () => new Promise(() => undefined);
      const hole = new BlackHole(clock);
      const broken = pod(hole);
      const asked = askAll([broken], clock, 10);
      await asked;
      const [own, outcomes] = await Promise.all([asked, askAll(pods, clock, 3_490)]);
      expect(outcomes).toEqual(Array(3).fill(outcomes[0]));
      expect(outcomes[0]).toEqual(A_TOKEN);
      expect(own).toEqual([outcomes[0]]);
      expect([hole.attempts, vendor.calls]).toEqual([1, 1]);
      // It reports its failure nevertheless, and lets the others go first for a while.
      expect(said.filter(({ type }) => type === 'failed')).toMatchObject([
        { code: 'NUDGE_TIMEOUT', retryInMs: 500 },
      ]);
    },
  );

  it('holds no lease for a renewal that waits for the result of another attempt', async () => {
    const { clock, vendor, pods, pod } = fleetOf(3);
    const broken = pod(new BlackHole(clock));
    const other = { expiryMins: 90 };
    const failed = Promise.resolve(broken.getToken(other)).catch(({ code }: NudgeAuthError) => code);
    await clock.advanceAsync(9_000);
    expect(await failed).toBe('NUDGE_TIMEOUT');
    // It tries one renewal, and the next renewal waits for the result.
    void Promise.resolve(broken.getToken(other)).catch(() => undefined);
    await clock.advanceAsync(5);
    void Promise.resolve(broken.getToken(REQUEST)).catch(() => undefined);
    await clock.advanceAsync(5);
    expect(await askAll(pods, clock, 1_000)).toEqual(Array(3).fill(A_TOKEN));
    expect(vendor.calls).toBe(1);
    await clock.advanceAsync(7_000);
  });

  it('tries again when no other process does', async () => {
    const { clock, pod } = fleetOf(0);
    const hole = new BlackHole(clock);
    expect(await askAll([pod(hole)], clock, 7_000)).toEqual(['NUDGE_TIMEOUT']);
    expect(hole.attempts).toBe(2);
  });

  it('gets a token with its next attempt when only the first got no answer', async () => {
    const { clock, vendor, pod } = fleetOf(0);
    let attempts = 0;
    const flaky: TokenSource = {
      fetchToken: async () => {
        attempts += 1;
        if (attempts === 1) throw noAnswer();
        return vendor.fetchToken();
      },
    };
    const one = pod(flaky);
    expect(await askAll([one], clock, 400)).toEqual([A_TOKEN]);
    expect(await askAll([pod()], clock, 10)).toEqual(await askAll([one], clock, 0));
    expect(vendor.calls).toBe(1);
  });

  it('does not keep the others from probing whether a pause is over', async () => {
    const { clock, network, pods, pod } = fleetOf(1);
    await network.callLimits.beginPause(SECOND_MS);
    await clock.advanceAsync(SECOND_MS);
    const refused: TokenSource = {
      fetchToken: () => Promise.reject(new NudgeAuthError('NUDGE_UNAVAILABLE', 'ECONNREFUSED')),
    };
    expect(await askAll([pod(refused)], clock, 10)).toEqual(['NUDGE_UNAVAILABLE']);
    expect(await askAll(pods, clock, 10)).toEqual([A_TOKEN]);
  });

  it('does not keep the others from that probe between its attempts either', async () => {
    const { clock, network, pods, pod } = fleetOf(1);
    await network.callLimits.beginPause(SECOND_MS);
    await clock.advanceAsync(SECOND_MS);
    const [lost, served] = [askAll([pod(new BlackHole(clock))], clock, 4_000), askAll(pods, clock, 4_000)];
    expect([await lost, await served]).toEqual([await served, [A_TOKEN]]);
  });
});

describe('a follower', () => {
  it('makes no call while the leader waits for Nudge as long as one attempt may take', async () => {
    const { clock, vendor, pods } = fleetOf(100, { random: () => 0 });
    vendor.answersAfterMs = 3 * SECOND_MS;
    const outcomes = await askAll(pods, clock, 3_500);
    expect(new Set(outcomes).size).toBe(1);
    expect(outcomes[0]).toEqual(A_TOKEN);
    expect(vendor.calls).toBe(1);
  });

  it('does not call for a rotation while another process has the lease', async () => {
    const { clock, vendor, network, pods } = fleetOf(1);
    await askAll(pods, clock, 10);
    await clock.advanceAsync(MINUTE_MS);
    await network.acquire(ENTRY);
    await askAll(pods, clock, 7_500);
    expect(vendor.calls).toBe(1);
  });

  it('makes no call while the leader takes longer than an attempt, also with a short deadline', async () => {
    for (const { deadlineMs, answersAfterMs } of [
      { deadlineMs: 7_000, answersAfterMs: 6_000 },
      { deadlineMs: 2_000, answersAfterMs: 1_400 },
      { deadlineMs: 1_000, answersAfterMs: 350 },
    ]) {
      const { clock, vendor, pods } = fleetOf(50, { deadlineMs });
      vendor.answersAfterMs = answersAfterMs;
      const outcomes = await askAll(pods, clock, answersAfterMs + 450);
      expect(outcomes).toEqual(Array(50).fill(outcomes[0]));
      expect(outcomes[0]).toEqual(A_TOKEN);
      expect(vendor.calls).toBe(1);
    }
  });

  it('gets a token at once after a wait that ended without one', async () => {
    const { clock, network, pod, types } = fleetOf(0);
    const lease = await network.acquire(ENTRY);
    const one = pod();
    expect(await askAll([one], clock, 7_500)).toEqual(['NUDGE_TIMEOUT']);
    await lease?.release();
    expect(await askAll([one], clock, 10)).toEqual([A_TOKEN]);
    expect(types()).not.toContain('failed');
  });

  it('takes a token that was stored between its lookup and its lease', async () => {
    const { clock, vendor, server, pod } = fleetOf(0);
    const late = new Network(server);
    const follower = pod(vendor, late);
    const { acquire } = late;
    late.acquire = async (entry) => {
      // Another process renews the token while the request for the lease is under way.
      await pod().getToken(REQUEST);
      return acquire(entry);
    };
    const outcomes = await askAll([follower], clock, 10);
    expect(outcomes).toEqual(await askAll([pod()], clock, 10));
    expect(vendor.calls).toBe(1);
  });

  it('calls Nudge when what was stored between its lookup and its lease is not a good token', async () => {
    const { clock, vendor, server, pod } = fleetOf(0);
    const late = new Network(server);
    const { acquire } = late;
    late.acquire = async (entry) => {
      const before = await server.store.acquire(entry);
      await before?.write({ token: 'no.token', remainingMs: HOUR_MS, ageMs: 0, keyFingerprint: '0a1b2c3d' });
      await before?.release();
      return acquire(entry);
    };
    expect(await askAll([pod(vendor, late)], clock, 10)).toEqual([A_TOKEN]);
    expect(vendor.calls).toBe(1);
  });
});

describe('Nudge, when it fails for every process', () => {
  it.each([2_000, 3_000])(
    'gets calls from one process only, after the %s ms that its Retry-After asks for',
    async (ms) => {
      const { clock, pod } = fleetOf(0);
      const down = new DownVendor(clock, ms);
      const pods = Array.from({ length: 50 }, () => pod(down));
      const beganMs = clock.now().monotonicMs;
      await askAll(pods, clock, ms - 1);
      expect(down.calledAtMs).toEqual([beganMs]);
      await clock.advanceAsync(1);
      expect(down.calledAtMs).toEqual([beganMs, beganMs + ms]);
    },
  );

  it('gets few calls while it hangs', async () => {
    const { clock, pod } = fleetOf(0);
    const holes = Array.from({ length: 20 }, () => new BlackHole(clock));
    const pods = holes.map((hole) => pod(hole));
    for (let passedMs = 0; passedMs < MINUTE_MS / 2; passedMs += 5_000) await askAll(pods, clock, 5_000);
    const attempts = holes.reduce((sum, hole) => sum + hole.attempts, 0);
    // The attempts come one after the other, three seconds each, except those that began before the first had failed.
    expect(attempts).toBeLessThanOrEqual(25);
    expect(attempts).toBeGreaterThanOrEqual(5);
  });
});
