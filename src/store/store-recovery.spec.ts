import { describe, expect, it } from '@jest/globals';
import { A_TOKEN, askAll, ENTRY, fleetOf, Network, REQUEST } from '../../test/support/simulated-fleet.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { TokenCache } from '../cache/token-cache.js';

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
