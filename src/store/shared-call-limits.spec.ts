import { describe, expect, it } from '@jest/globals';
import { A_TOKEN, askAll, fleetOf, ORIGIN, REQUEST } from '../../test/support/simulated-fleet.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { TransientFailure, type TokenSource } from '../vendor/token-source.js';
import type { SharedAdmission, SharedCallLimits, TokenStore } from './token-store.js';

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
