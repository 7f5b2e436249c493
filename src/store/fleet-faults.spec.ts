import { describe, expect, it } from '@jest/globals';
import {
  BlackHole,
  DownVendor,
  ENTRY,
  fleetOf,
  Network,
  ORIGIN,
  REQUEST,
} from '../../test/support/simulated-fleet.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { ManualClock } from '../testing/manual-clock.js';
import { TransientFailure, type TokenSource } from '../vendor/token-source.js';
import type { TokenCache } from '../cache/token-cache.js';
import type { SharedAdmission, SharedCallLimits, TokenStore } from './token-store.js';

/** The outcome of one caller in each process after that time: a token, or the code of the failure. */
async function askAll(pods: readonly TokenCache[], clock: ManualClock, withinMs: number): Promise<unknown[]> {
  const outcomes: unknown[] = pods.map(() => 'still waiting');
  pods.forEach((pod, index) => {
    void Promise.resolve(pod.getToken(REQUEST)).then(
      ({ token }) => (outcomes[index] = token),
      ({ code }: NudgeAuthError) => (outcomes[index] = code),
    );
  });
  await clock.advanceAsync(withinMs);
  return outcomes;
}

/** The failure of an attempt that got no answer. */
function noAnswer(): TransientFailure {
  return new TransientFailure('NUDGE_UNAVAILABLE', 'lost', { isAnswered: false });
}

const A_TOKEN = expect.stringContaining('.');

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

function askForCall(
  store: TokenStore & { callLimitsOf(origin: string): SharedCallLimits },
): Promise<SharedAdmission> {
  return store.callLimitsOf(ORIGIN).take('urgent', 1_000);
}

describe('a pause that all processes share', () => {
  it('does not end when a call that was sent before it succeeds', async () => {
    const { clock, vendor, server, pod } = fleetOf(0);
    const source: TokenSource = {
      fetchToken: async ({ expiryMins }) => {
        if (expiryMins === 60) {
          await new Promise<void>((resolve) => clock.schedule(SECOND_MS, resolve));
          return vendor.fetchToken();
        }
        throw new NudgeAuthError('NUDGE_RATE_LIMITED', '429', { retryAfterMs: 30 * SECOND_MS });
      },
    };
    const one = pod(source);
    const early = askAll([one], clock, 1_500);
    const limited = Promise.resolve(one.getToken({ expiryMins: 30 })).catch(
      (error: NudgeAuthError) => error.code,
    );
    expect([await early, await limited]).toEqual([[A_TOKEN], 'NUDGE_RATE_LIMITED']);
    expect((await askForCall(server.store)).pausedForMs).toBeGreaterThan(28 * SECOND_MS);
  });

  it.each(['succeeds', 'fails'])(
    'is probed by a repeated call of before the pause, which frees the probe when it %s',
    async (outcome) => {
      const { clock, vendor, server, pod } = fleetOf(0);
      let attempts = 0;
      const source: TokenSource = {
        fetchToken: async ({ expiryMins }) => {
          if (expiryMins === 30) {
            throw new NudgeAuthError('NUDGE_RATE_LIMITED', '429', { retryAfterMs: SECOND_MS });
          }
          attempts += 1;
          if (attempts === 1) {
            // The gateway repeats the call when the pause is over.
            const retryAfterMs = 1_500;
            throw new TransientFailure('NUDGE_UNAVAILABLE', '503', { retryAfterMs, isAnswered: true });
          }
          if (outcome === 'fails') throw new NudgeAuthError('NUDGE_UNAVAILABLE', '503 again');
          return vendor.fetchToken();
        },
      };
      const one = pod(source);
      const repeated = askAll([one], clock, 1_600);
      await Promise.resolve(one.getToken({ expiryMins: 30 })).catch(() => undefined);
      await repeated;
      // No process has the probe any more, so the next caller may call.
      expect((await askForCall(server.store)).pausedForMs).toBe(0);
    },
  );

  it('frees the probe of a repeated call for which too little time is left when the store has answered', async () => {
    const { clock, server, network, pod } = fleetOf(0);
    const source: TokenSource = {
      fetchToken: () => {
        // The pause before the next attempt leaves just enough time for it.
        const retryAfterMs = 6_500;
        return Promise.reject(
          new TransientFailure('NUDGE_UNAVAILABLE', '503', { retryAfterMs, isAnswered: true }),
        );
      },
    };
    const asking = Promise.resolve(pod(source).getToken(REQUEST)).catch(({ code }: NudgeAuthError) => code);
    await clock.advanceAsync(5_000);
    await server.store.callLimitsOf(ORIGIN).beginPause(SECOND_MS);
    network.latencyMs = 20;
    await clock.advanceAsync(2_000);
    expect(await asking).toBe('NUDGE_UNAVAILABLE');
    expect((await askForCall(server.store)).pausedForMs).toBe(0);
  });

  it('gets no second probe when a call that was sent before it fails', async () => {
    const { clock, vendor, server, pod } = fleetOf(0);
    const source: TokenSource = {
      fetchToken: async ({ expiryMins }) => {
        await new Promise<void>((resolve) => clock.schedule(expiryMins === 60 ? 2_500 : 3_000, resolve));
        if (expiryMins === 60) throw new NudgeAuthError('NUDGE_UNAVAILABLE', 'late');
        return vendor.fetchToken();
      },
    };
    const one = pod(source);
    const early = Promise.resolve(one.getToken(REQUEST)).catch(({ code }: NudgeAuthError) => code);
    await clock.advanceAsync(100);
    await server.store.callLimitsOf(ORIGIN).beginPause(SECOND_MS);
    await clock.advanceAsync(1_500);
    const probing = one.getToken({ expiryMins: 30 });
    const probed = { pausedForMs: 500, waitMs: 0, isProbe: false };
    await clock.advanceAsync(100);
    expect(await askForCall(server.store)).toEqual(probed);
    await clock.advanceAsync(1_000);
    expect([await early, await askForCall(server.store)]).toEqual(['NUDGE_UNAVAILABLE', probed]);
    await clock.advanceAsync(2_000);
    expect((await probing).token).toEqual(A_TOKEN);
  });

  it('lets no process call while another has the probe, however slow the store is', async () => {
    for (const latencyMs of [20, 40, 60]) {
      const { clock, vendor, server, network, pod, types } = fleetOf(0);
      await server.store.callLimitsOf(ORIGIN).beginPause(SECOND_MS);
      await clock.advanceAsync(SECOND_MS);
      // Another process takes the probe and does not end it for ten seconds.
      await askForCall(server.store);
      network.latencyMs = latencyMs;
      const waiting = askAll([pod()], clock, 6_400);
      expect([await waiting, vendor.calls, types()]).toEqual([
        ['NUDGE_RATE_LIMITED'],
        0,
        expect.not.arrayContaining(['store-lost']),
      ]);
    }
  });
});

describe('a store that returns impossible waits', () => {
  it.each([
    { says: HOUR_MS, waitMs: MINUTE_MS },
    { says: Number.POSITIVE_INFINITY, waitMs: 0 },
    { says: Number.NaN, waitMs: 0 },
    { says: -HOUR_MS, waitMs: 0 },
    { says: 'long' as unknown as number, waitMs: 0 },
  ])(
    'never makes a caller wait for more than a minute: $says counts as $waitMs ms',
    async ({ says, waitMs }) => {
      for (const what of ['pausedForMs', 'waitMs'] as const) {
        const { clock, network, pods } = fleetOf(1);
        const answer = { pausedForMs: 0, waitMs: 0, isProbe: false, [what]: says };
        Object.assign(network.callLimits, { take: () => Promise.resolve(answer) });
        const first = await askAll(pods, clock, 0);
        expect(first).toEqual([waitMs === 0 ? A_TOKEN : 'NUDGE_RATE_LIMITED']);
        // The wait does not outlast the store.
        network.isUp = false;
        Object.assign(network.callLimits, {
          take: () => Promise.reject(new Error('simulated network fault')),
        });
        await clock.advanceAsync(MINUTE_MS);
        expect(await askAll(pods, clock, 10)).toEqual([A_TOKEN]);
      }
    },
  );
});

describe('a store that comes back empty', () => {
  /** A fleet whose processes hold tokens of different ages, fetched while the store was lost. */
  async function fleetWithDifferentTokens() {
    const fleet = fleetOf(4);
    const { clock, network, server, pods } = fleet;
    await askAll(pods, clock, SECOND_MS);
    network.isUp = false;
    await askAll(pods, clock, MINUTE_MS);
    for (const one of pods) {
      void one.getToken({ ...REQUEST, forceRefresh: true });
      await clock.advanceAsync(15 * SECOND_MS);
    }
    server.forgetEverything();
    network.isUp = true;
    return fleet;
  }

  const remainingMs = (pods: readonly TokenCache[]): number[] =>
    pods.map((one) => one.heldTokens()[0]?.remainingMs ?? 0);

  it('gives no process an older token than it holds, and no renewal counts as a failure', async () => {
    const { clock, pods, vendor, said } = await fleetWithDifferentTokens();
    const { calls } = vendor;
    const beganMs = clock.now().monotonicMs;
    let before = remainingMs(pods);
    for (let second = 0; second < 120; second += 1) {
      await askAll(pods, clock, SECOND_MS);
      const now = remainingMs(pods);
      now.forEach((ms, index) => expect(ms).toBeGreaterThanOrEqual((before[index] ?? 0) - SECOND_MS));
      before = now;
    }
    expect(clock.now().monotonicMs - beganMs).toBe(120 * SECOND_MS);
    expect(said.filter((one) => one.type === 'failed' || (one.type === 'renewed' && !one.isLonger))).toEqual(
      [],
    );
    expect(vendor.calls - calls).toBeLessThanOrEqual(4);
  });

  it('does not keep processes from a token that lives 30 minutes instead of 60', async () => {
    const { clock, pods, vendor } = await fleetWithDifferentTokens();
    await askAll(pods, clock, 15 * SECOND_MS);
    vendor.lifeMs = 30 * MINUTE_MS;
    for (let second = 0; second < 120; second += 1) await askAll(pods, clock, SECOND_MS);
    for (const ms of remainingMs(pods)) expect(ms).toBeLessThanOrEqual(30 * MINUTE_MS);
  });
});

describe('an invalidation that the store has missed', () => {
  it('is repeated when the store is back, so that no process gets the old token', async () => {
    const { clock, server, pod, vendor } = fleetOf(0);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    const [old] = await askAll([one], clock, 10);
    cut.isUp = false;
    await one.invalidate(REQUEST);
    cut.isUp = true;
    await clock.advanceAsync(11 * SECOND_MS);
    const [fresh] = await askAll([pod()], clock, 10);
    expect(fresh).toEqual(A_TOKEN);
    expect(fresh).not.toBe(old);
  });

  it('holds at once for the process itself, also if it holds no token of the entry', async () => {
    const { clock, server, pod, vendor } = fleetOf(0);
    const [old] = await askAll([pod()], clock, 10);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    cut.invalidate = () => Promise.reject(new Error('simulated network fault'));
    await one.invalidate(REQUEST);
    await clock.advanceAsync(11 * SECOND_MS);
    expect(await askAll([one], clock, 10)).not.toEqual([old]);
  });

  it('leaves the store usable when all other operations work, so that the process stores a new token', async () => {
    const { clock, server, pod, vendor, types } = fleetOf(0);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    const [old] = await askAll([one], clock, 10);
    cut.invalidate = () => Promise.reject(new Error('simulated network fault'));
    await one.invalidate(REQUEST);
    await clock.advanceAsync(SECOND_MS);
    expect(types()).toContain('store-back');
    const [fresh] = await askAll([one], clock, 10);
    expect(fresh).not.toBe(old);
    expect(await askAll([pod()], clock, 10)).toEqual([fresh]);
    // Since it has stored a newer token itself, it takes what others fetch.
    await clock.advanceAsync(MINUTE_MS);
    const [later] = await askAll([pod()], clock, 600);
    expect([await askAll([one], clock, 600), vendor.calls]).toEqual([[later], 3]);
  });

  it('is repeated later when a part of the store is back later', async () => {
    const { clock, server, pod, vendor, types } = fleetOf(0);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    const [old] = await askAll([one], clock, 10);
    const { invalidate } = cut;
    cut.invalidate = () => Promise.reject(new Error('simulated network fault'));
    await one.invalidate(REQUEST);
    await clock.advanceAsync(5 * SECOND_MS);
    expect(types()).toContain('store-back');
    cut.invalidate = invalidate;
    await clock.advanceAsync(10 * SECOND_MS);
    const [fresh] = await askAll([pod()], clock, 10);
    expect(fresh).toEqual(A_TOKEN);
    expect(fresh).not.toBe(old);
  });

  it('leaves a token that was fetched after it', async () => {
    const { clock, server, pod, vendor, types } = fleetOf(0);
    const cut = new Network(server);
    const [one, other] = [pod(vendor, cut), pod()];
    await askAll([one, other], clock, 10);
    cut.isUp = false;
    await one.invalidate(REQUEST);
    await clock.advanceAsync(MINUTE_MS);
    await askAll([other], clock, 600);
    const [fresh] = await askAll([other], clock, 10);
    cut.isUp = true;
    await clock.advanceAsync(11 * SECOND_MS);
    expect(types()).toContain('store-back');
    expect([await askAll([pod()], clock, 10), vendor.calls]).toEqual([[fresh], 2]);
  });

  it('leaves no token in the store that is invalidated while the process stores its held tokens', async () => {
    const { clock, server, network, pod, types } = fleetOf(0);
    const one = pod();
    const lives = [{ expiryMins: 30 }, { expiryMins: 60 }, { expiryMins: 90 }];
    for (const life of lives) await one.getToken(life);
    server.forgetEverything();
    network.isUp = false;
    await one.invalidate({ expiryMins: 120 });
    network.isUp = true;
    network.latencyMs = 50;
    while ((await server.store.read(ENTRY.replace('60', '90'))) === undefined) await clock.advanceAsync(10);
    expect(types()).not.toContain('store-back');
    const invalidated = Promise.all(lives.map((life) => one.invalidate(life)));
    await clock.advanceAsync(SECOND_MS);
    await invalidated;
    expect(types()).toContain('store-back');
    for (const { expiryMins } of lives) {
      expect(await server.store.read(ENTRY.replace('60', String(expiryMins)))).toBeUndefined();
    }
  });

  it('is dropped if it is the oldest of more than 1,000', async () => {
    const { clock, server, pod, vendor } = fleetOf(0);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    const invalidated: string[] = [];
    cut.isUp = false;
    for (let user = 0; user < 1_001; user += 1) await one.invalidate({ ...REQUEST, extId: `user-${user}` });
    cut.isUp = true;
    cut.invalidate = async (entry) => void invalidated.push(entry);
    await clock.advanceAsync(11 * SECOND_MS);
    expect(invalidated).toHaveLength(1_000);
    expect(invalidated.some((entry) => entry.includes('"user-0"'))).toBe(false);
  });
});

describe('a slow store', () => {
  it.each([60, 75])('is shared with a latency of %s ms', async (latencyMs) => {
    const { vendor, network, passing, types } = fleetOf(4);
    network.latencyMs = latencyMs;
    await passing(5 * MINUTE_MS, 5 * SECOND_MS);
    expect(types()).not.toContain('store-lost');
    expect(vendor.calls).toBeLessThanOrEqual(6);
  });

  it.each([85, 95, 100])('is not lost again and again with a latency of %s ms', async (latencyMs) => {
    const { network, passing, types } = fleetOf(4);
    network.latencyMs = latencyMs;
    await passing(10 * MINUTE_MS, 5 * SECOND_MS);
    expect(types().filter((type) => type === 'store-lost').length).toBeLessThanOrEqual(4);
  });

  it('is lost once when neither it nor Nudge answers at first, and the caller still gets a token', async () => {
    const { clock, network, vendor, pod, types } = fleetOf(0);
    network.latencyMs = 400;
    let attempts = 0;
    const source: TokenSource = {
      fetchToken: async () => {
        attempts += 1;
        if (attempts > 1) return vendor.fetchToken();
        await new Promise<void>((resolve) => clock.schedule(2_500, resolve));
        network.latencyMs = 1;
        throw noAnswer();
      },
    };
    expect(await askAll([pod(source)], clock, 6_000)).toEqual([A_TOKEN]);
    expect(types().filter((type) => type === 'store-lost')).toHaveLength(1);
  });
});
