import { describe, expect, it } from '@jest/globals';
import { ENTRY, fleetOf, REQUEST } from '../../test/support/simulated-fleet.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import type { TokenSource } from '../vendor/token-source.js';
import { ManualClock } from '../testing/manual-clock.js';
import { storeSecrets } from './store-secrets.js';

describe('processes that share a store', () => {
  it('call Nudge once a minute in all', async () => {
    const { vendor, passing } = fleetOf(5);
    await passing(30 * MINUTE_MS, 5 * SECOND_MS);
    expect(vendor.calls).toBeGreaterThanOrEqual(25);
    expect(vendor.calls).toBeLessThanOrEqual(30);
  });

  it('rotate at half-life ± 20 % and report the loss once each while the store is lost', async () => {
    const { vendor, network, passing, types } = fleetOf(5);
    await passing(SECOND_MS, SECOND_MS);
    network.isUp = false;
    await passing(23 * MINUTE_MS);
    expect(vendor.calls).toBe(1);
    expect(types().filter((type) => type === 'store-lost').length).toBe(5);
    await passing(14 * MINUTE_MS);
    expect(vendor.calls).toBe(6);
  });

  it('share the tokens they hold when the store is back, instead of fetching new ones', async () => {
    const { vendor, server, network, passing, pod, types, clock } = fleetOf(5);
    await passing(SECOND_MS, SECOND_MS);
    network.isUp = false;
    await passing(10 * MINUTE_MS);
    server.forgetEverything();
    network.isUp = true;
    vendor.failure = new NudgeAuthError('NUDGE_UNAVAILABLE', 'Nudge is down as well');
    await clock.advanceAsync(11 * SECOND_MS);
    expect(types().filter((type) => type === 'store-back').length).toBe(5);
    const { calls } = vendor;
    const asked = pod().getToken(REQUEST);
    await clock.advanceAsync(SECOND_MS);
    expect((await asked).token).toContain('.');
    expect(vendor.calls).toBe(calls);
  });

  it('call Nudge once a minute in all again within a minute after the store is back', async () => {
    const { vendor, network, passing } = fleetOf(5);
    await passing(MINUTE_MS);
    network.isUp = false;
    await passing(10 * MINUTE_MS);
    network.isUp = true;
    const { calls } = vendor;
    await passing(10 * MINUTE_MS, 5 * SECOND_MS);
    expect(vendor.calls - calls).toBeLessThanOrEqual(11);
  });

  it('do not wait for the store while it is lost', async () => {
    const { vendor, network, pods, pod, clock, passing } = fleetOf(1);
    network.isUp = false;
    await passing(SECOND_MS, SECOND_MS);
    await pods[0]?.invalidate(REQUEST);
    const before = clock.now().monotonicMs;
    await pods[0]?.getToken(REQUEST);
    expect(clock.now().monotonicMs).toBe(before);
    expect(vendor.calls).toBe(2);
    await pod().getToken(REQUEST);
  });

  it('serve the token of the others while Nudge refuses their own key, and the others go on', async () => {
    const { vendor, passing, pod, clock } = fleetOf(3);
    const refused: TokenSource = {
      fetchToken: () => Promise.reject(new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'refused')),
    };
    const refusedPod = pod(refused);
    await expect(Promise.resolve(refusedPod.getToken(REQUEST))).rejects.toThrow('refused');
    await passing(5 * MINUTE_MS, 5 * SECOND_MS);
    expect(vendor.calls).toBeGreaterThanOrEqual(4);
    const asked = refusedPod.getToken(REQUEST);
    await clock.advanceAsync(SECOND_MS);
    expect((await asked).token).toContain('.');
  });

  it('all pause after a 429, and one of them tries again', async () => {
    const { vendor, pods, passing, clock, types } = fleetOf(4);
    vendor.failure = new NudgeAuthError('NUDGE_RATE_LIMITED', '429', { retryAfterMs: 30 * SECOND_MS });
    await expect(Promise.resolve(pods[0]?.getToken(REQUEST))).rejects.toMatchObject({
      code: 'NUDGE_RATE_LIMITED',
    });
    const codes = async (): Promise<(NudgeAuthErrorCode | undefined)[]> => {
      const asked = Promise.allSettled(pods.map(async (one) => one.getToken(REQUEST)));
      await clock.advanceAsync(8 * SECOND_MS);
      return (await asked).map((one) =>
        one.status === 'rejected' ? (one.reason as NudgeAuthError).code : undefined,
      );
    };
    expect(await codes()).toEqual(Array(4).fill('NUDGE_RATE_LIMITED'));
    expect(vendor.calls).toBe(1);
    expect(types()).not.toContain('budget-spent');
    vendor.failure = undefined;
    await clock.advanceAsync(30 * SECOND_MS);
    await passing(10 * SECOND_MS);
    expect(vendor.calls).toBe(2);
  });

  it('spend a tenth of the budget each while the store is lost', async () => {
    const { network, pods, vendor, clock } = fleetOf(1, { callsPerMinute: 100 });
    network.isUp = false;
    const asked = Promise.allSettled(
      Array.from({ length: 5 }, async (_, index) => pods[0]?.getToken({ expiryMins: 30 + index })),
    );
    await clock.advanceAsync(8 * SECOND_MS);
    const outcomes = await asked;
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(vendor.calls);
    // A tenth is ten calls a minute, given one by one. The whole budget would allow ten calls at once.
    expect(vendor.calls).toBeLessThanOrEqual(2);
  });

  it('give back a lease that arrives after they have stopped waiting for it', async () => {
    const { network, pods, pod, clock, vendor } = fleetOf(1);
    const acquire = network.acquire;
    network.acquire = async (entry) => {
      await new Promise<void>((resolve) => clock.schedule(2 * SECOND_MS, resolve));
      return acquire(entry);
    };
    const asked = pods[0]?.getToken(REQUEST);
    await clock.advanceAsync(400);
    network.acquire = acquire;
    await clock.advanceAsync(3 * SECOND_MS);
    await asked;
    expect(vendor.calls).toBe(1);
    const lease = await network.acquire(ENTRY);
    expect(lease).toBeDefined();
    await lease?.release();
    const other = pod().getToken(REQUEST);
    await clock.advanceAsync(SECOND_MS / 10);
    expect((await other).token).toContain('.');
  });

  it('leave no timer behind when they close', async () => {
    const { network, pods, passing, clock } = fleetOf(2);
    network.isUp = false;
    await passing(MINUTE_MS);
    await Promise.all(pods.map((one) => one.close()));
    await clock.advanceAsync(20 * SECOND_MS);
    expect(clock.pendingMs).toEqual([]);
  });
});

describe('storeSecrets', () => {
  it('derives a secret from each API key in order, and leaves out a key that cannot be read', async () => {
    const clock = new ManualClock();
    const key = new Secret('obviously-fake-private-key');
    const broken = (): string => {
      throw new Error('no secret manager');
    };
    const [secret, ...others] = await storeSecrets([broken, key, undefined], clock);
    expect(others).toEqual([]);
    expect(secret?.keyFingerprint).toBe(key.fingerprint);
    expect(secret?.material).toEqual(key.derive('token store'));
    expect(secret?.material).not.toEqual(key.derive('another purpose'));
    expect(Buffer.from(secret?.material ?? []).toString('latin1')).not.toContain('fake');
    await expect(storeSecrets([broken], clock)).rejects.toThrow('could not be read');
  });
});
