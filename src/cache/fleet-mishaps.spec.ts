import { describe, expect, it } from '@jest/globals';
import { BlackHole, ENTRY, fleetOf, Network, REQUEST } from '../../test/support/simulated-fleet.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { ManualClock } from '../testing/manual-clock.js';
import type { TokenSource } from '../source/token-source.js';
import type { TokenCache } from './token-cache.js';

/** How a cold caller of each process fared by then: a token, or the code of the failure. */
async function askAll(pods: readonly TokenCache[], clock: ManualClock, withinMs: number): Promise<unknown[]> {
  const fares: unknown[] = pods.map(() => 'still waiting');
  pods.forEach((pod, index) => {
    void Promise.resolve(pod.getToken(REQUEST)).then(
      ({ token }) => (fares[index] = token),
      ({ code }: NudgeAuthError) => (fares[index] = code),
    );
  });
  await clock.advanceAsync(withinMs);
  return fares;
}

const A_TOKEN = expect.stringContaining('.');

describe('a process on whose way everything is lost', () => {
  it.each(['tells of changes', 'tells of none'])(
    'gives the lease back after one attempt, where the store %s: another one calls, and all are served',
    async (news) => {
      const { clock, vendor, network, pods, pod, said } = fleetOf(3);
      if (news === 'tells of none') network.untilChanged = () => new Promise(() => undefined);
      const hole = new BlackHole(clock);
      const broken = pod(hole);
      const asked = askAll([broken], clock, 10);
      await asked;
      const [own, fares] = await Promise.all([asked, askAll(pods, clock, 3_490)]);
      expect(fares).toEqual(Array(3).fill(fares[0]));
      expect(fares[0]).toEqual(A_TOKEN);
      expect(own).toEqual([fares[0]]);
      expect([hole.attempts, vendor.calls]).toEqual([1, 1]);
      // It says so nevertheless, and lets the others be for a while.
      expect(said.filter(({ type }) => type === 'failed')).toMatchObject([
        { code: 'NUDGE_TIMEOUT', retryInMs: 500 },
      ]);
    },
  );

  it('tries again when nobody else does', async () => {
    const { clock, pod } = fleetOf(0);
    const hole = new BlackHole(clock);
    expect(await askAll([pod(hole)], clock, 7_000)).toEqual(['NUDGE_TIMEOUT']);
    expect(hole.attempts).toBe(3);
  });

  it('is served by its next attempt when only the first one was lost', async () => {
    const { clock, vendor, pod } = fleetOf(0);
    const flaky: TokenSource = {
      fetchToken: async (_request, _deadline, further) => {
        further?.willRetry();
        if (!(await further?.mayCallAgain())) throw new NudgeAuthError('NUDGE_UNAVAILABLE', 'lost');
        return vendor.fetchToken();
      },
    };
    const one = pod(flaky);
    expect(await askAll([one], clock, 400)).toEqual([A_TOKEN]);
    expect(await askAll([pod()], clock, 10)).toEqual(await askAll([one], clock, 0));
    expect(vendor.calls).toBe(1);
  });

  it('does not keep the others from trying whether a pause is over', async () => {
    const { clock, network, pods, pod } = fleetOf(1);
    await network.egress.beginPause(SECOND_MS);
    await clock.advanceAsync(SECOND_MS);
    const refused: TokenSource = {
      fetchToken: () => Promise.reject(new NudgeAuthError('NUDGE_UNAVAILABLE', 'ECONNREFUSED')),
    };
    expect(await askAll([pod(refused)], clock, 10)).toEqual(['NUDGE_UNAVAILABLE']);
    expect(await askAll(pods, clock, 10)).toEqual([A_TOKEN]);
  });

  it('does not keep them from it between its attempts either', async () => {
    const { clock, network, pods, pod } = fleetOf(1);
    await network.egress.beginPause(SECOND_MS);
    await clock.advanceAsync(SECOND_MS);
    const [lost, served] = [askAll([pod(new BlackHole(clock))], clock, 4_000), askAll(pods, clock, 4_000)];
    expect([await lost, await served]).toEqual([await served, [A_TOKEN]]);
  });
});

describe('whoever follows a process that renews', () => {
  it('makes no call beside it while Nudge takes as long as one attempt may', async () => {
    const { clock, vendor, pods } = fleetOf(100, { random: () => 0 });
    vendor.answersAfterMs = 3 * SECOND_MS;
    const fares = await askAll(pods, clock, 3_500);
    expect(new Set(fares).size).toBe(1);
    expect(fares[0]).toEqual(A_TOKEN);
    expect(vendor.calls).toBe(1);
  });

  it.each([0, 0.999])(
    'does not wait for ever where somebody waits for the token: a lease that does not end (chance %s)',
    async (chance) => {
      const { clock, vendor, network, pods } = fleetOf(5, { random: () => chance });
      await network.acquire(ENTRY);
      expect(await askAll(pods, clock, 3_490)).toEqual(Array(5).fill('still waiting'));
      const fares = await askAll(pods, clock, 3_500);
      expect(fares).toEqual(Array(5).fill(A_TOKEN));
      expect(vendor.calls).toBe(5);
    },
  );

  it('does not call for a rotation, for which nobody waits', async () => {
    const { clock, vendor, network, pods } = fleetOf(1);
    await askAll(pods, clock, 10);
    await clock.advanceAsync(MINUTE_MS);
    await network.acquire(ENTRY);
    await askAll(pods, clock, 7_500);
    expect(vendor.calls).toBe(1);
  });

  it('goes on following where the budget has no call left for it', async () => {
    const { clock, vendor, pods } = fleetOf(3, { callsPerMinute: 10 });
    vendor.answersAfterMs = 6 * SECOND_MS;
    const fares = await askAll(pods, clock, 6_300);
    expect(fares).toEqual(Array(3).fill(fares[0]));
    expect(fares[0]).toEqual(A_TOKEN);
    expect(vendor.calls).toBe(1);
  });
});

describe('a store that says strange things of waits', () => {
  it.each([
    { says: HOUR_MS, waitMs: MINUTE_MS },
    { says: Number.POSITIVE_INFINITY, waitMs: 0 },
    { says: Number.NaN, waitMs: 0 },
    { says: -HOUR_MS, waitMs: 0 },
    { says: 'long' as unknown as number, waitMs: 0 },
  ])('has nobody wait for more than a minute: $says is $waitMs ms', async ({ says, waitMs }) => {
    for (const what of ['pause', 'take'] as const) {
      const { clock, network, pods } = fleetOf(1);
      const answer = what === 'take' ? says : { remainingMs: says, isProbe: false };
      Object.assign(network.egress, { [what]: () => Promise.resolve(answer) });
      const first = await askAll(pods, clock, 0);
      expect(first).toEqual([waitMs === 0 ? A_TOKEN : 'NUDGE_RATE_LIMITED']);
      // What it has said does not outlive it.
      network.isUp = false;
      Object.assign(network.egress, { [what]: () => Promise.reject(new Error('simulated network fault')) });
      await clock.advanceAsync(MINUTE_MS);
      expect(await askAll(pods, clock, 10)).toEqual([A_TOKEN]);
    }
  });
});

describe('a store that comes back empty', () => {
  /** Tokens of different ages in all processes, fetched while the store was gone. */
  async function apart() {
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

  it('gives nobody an older token than they hold, and blames Nudge for nothing', async () => {
    const { clock, pods, vendor, said } = await apart();
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

  it('still has all of them take over lives that shrink from 60 to 30 minutes', async () => {
    const { clock, pods, vendor } = await apart();
    await askAll(pods, clock, 15 * SECOND_MS);
    vendor.lifeMs = 30 * MINUTE_MS;
    for (let second = 0; second < 120; second += 1) await askAll(pods, clock, SECOND_MS);
    for (const ms of remainingMs(pods)) expect(ms).toBeLessThanOrEqual(30 * MINUTE_MS);
  });
});

describe('an invalidation of which the store has not heard', () => {
  it('is made up for when the store is back: nobody gets the old token from it', async () => {
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

  it('holds at once for the process itself, also where it has forgotten the entry', async () => {
    const { clock, server, pod, vendor } = fleetOf(0);
    const [old] = await askAll([pod()], clock, 10);
    const cut = new Network(server);
    const one = pod(vendor, cut);
    cut.invalidate = () => Promise.reject(new Error('simulated network fault'));
    await one.invalidate(REQUEST);
    await clock.advanceAsync(11 * SECOND_MS);
    expect(await askAll([one], clock, 10)).not.toEqual([old]);
  });

  it('is given up for the oldest of very many', async () => {
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
