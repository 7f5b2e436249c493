import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { PLATFORMS } from '../support/platforms.js';
import { expectFailure, FAILING_KEY, failingHosts, type FaultCase } from './support/failures.js';

const SILENT: FaultCase[] = [
  { is: 'no answer', fault: { kind: 'hang' } },
  { is: 'no more data after half of the body', fault: { kind: 'hang', when: 'mid-body' } },
  { is: 'a body that comes slowly', fault: { kind: 'slow-body', intervalMs: 60_000 } },
  { is: 'a very late answer', fault: { kind: 'latency', latencyMs: 60_000 } },
];

describe.each(PLATFORMS)('failures on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = failingHosts(platform, () => nudge.url);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [FAILING_KEY] });
  });

  afterEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('NUDGE_TIMEOUT', () => {
    it.each(SILENT)('for $is, after as many attempts as fit into seven seconds', async ({ fault }) => {
      const clock = new ManualClock();
      nudge.setFault(fault);
      const host = await start({}, { clock });
      const answer = host.getAsUser();
      await nudge.untilReceived(1);
      clock.advance(3000);
      await nudge.untilReceived(2);
      clock.advance(3000);
      await nudge.untilReceived(3);
      clock.advance(1000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(nudge.counters.received).toBe(3);
    });

    it('without another attempt when less than half a second is left', async () => {
      const clock = new ManualClock();
      nudge.setFault({ kind: 'hang' });
      const host = await start({ http: { timeoutMs: 3000, deadlineMs: 3499 } }, { clock });
      const answer = host.getAsUser();
      await nudge.untilReceived(1);
      clock.advance(3000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(nudge.counters.received).toBe(1);
    });

    it('on the machine’s clock too', async () => {
      nudge.setFault({ kind: 'hang' });
      const host = await start({ http: { timeoutMs: 100, maxRetries: 1 } });
      expectFailure(await host.getAsUser(), 'NUDGE_TIMEOUT');
    });

    it('when the apiKey function of the host never returns', async () => {
      const clock = new ManualClock();
      // The other tests' emulator may still receive an attempt that was given up.
      await using vendor = await NudgeEmulator.start({ apiKeys: [FAILING_KEY] });
      let wasAsked: () => void = () => {};
      const asked = new Promise<void>((resolve) => (wasAsked = resolve));
      const host = await start(
        {
          baseUrl: vendor.url,
          apiKey: () => {
            wasAsked();
            return new Promise<string>(() => {});
          },
        },
        { clock },
      );
      const answer = host.getAsUser();
      await asked;
      clock.advance(7000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(vendor.counters.received).toBe(0);
    });
  });

  describe('retries', () => {
    it.each([
      { kind: 'status', status: 503, times: 2 },
      { kind: 'drop', times: 2 },
      { kind: 'truncated-body', times: 2 },
    ] as const)('recover after two faults of kind $kind', async (fault) => {
      nudge.setFault(fault);
      const host = await start();
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.received).toBe(3);
    });

    it('are as many as maxRetries', async () => {
      nudge.setFault({ kind: 'status', status: 500 });
      expectFailure(await (await start({ http: { maxRetries: 0 } })).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(1);
      expectFailure(await (await start({ http: { maxRetries: 5 } })).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(7);
    });

    it('are not made if the Retry-After is longer than the deadline allows', async () => {
      nudge.setFault({ kind: 'status', status: 503, retryAfterS: 8 });
      expectFailure(await (await start()).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(1);
    });
  });

  describe('API keys', () => {
    it('are read before each call, and once more after a refusal', async () => {
      const keys = ['obviously-fake-withdrawn-key-0001', FAILING_KEY];
      let reads = 0;
      const host = await start({
        cache: false,
        apiKey: () => {
          reads += 1;
          return Promise.resolve(keys.shift() ?? FAILING_KEY);
        },
      });
      expect((await host.getAsUser()).status).toBe(200);
      expect([reads, nudge.counters.byStatus]).toEqual([2, { 200: 1, 401: 1 }]);
      expect((await host.getAsUser()).status).toBe(200);
      expect([reads, nudge.counters.received]).toEqual([3, 3]);
    });

    it('switch to the fallback if the first key cannot be read again after its refusal', async () => {
      let reads = 0;
      const host = await start({
        apiKey: () => {
          reads += 1;
          if (reads > 1) throw new Error('vault sealed');
          return 'obviously-fake-withdrawn-key-0001';
        },
        fallbackApiKey: FAILING_KEY,
      });
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.byStatus).toEqual({ 200: 1, 401: 1 });
    });

    it('are not tried again if they have not changed', async () => {
      const host = await start({ apiKey: () => 'obviously-fake-withdrawn-key-0001' });
      expectFailure(await host.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
      expect(nudge.counters.received).toBe(1);
    });

    it('switch to the fallback after a refusal, and only then', async () => {
      const refused = 'obviously-fake-withdrawn-key-0001';
      const host = await start({ apiKey: refused, fallbackApiKey: () => FAILING_KEY });
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.byStatus).toEqual({ 200: 1, 401: 1 });

      nudge.reset();
      const both = await start({ apiKey: refused, fallbackApiKey: `${refused}-too` });
      expectFailure(await both.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
      expect(nudge.counters.received).toBe(2);

      nudge.reset();
      nudge.setFault({ kind: 'status', status: 400 });
      const unasked = await start({ fallbackApiKey: refused });
      expectFailure(await unasked.getAsUser(), 'NUDGE_BAD_RESPONSE');
      expect(nudge.counters.received).toBe(1);
    });

    it.each([
      { is: 'an error', apiKey: () => Promise.reject(new Error('vault sealed')) },
      {
        is: 'an exception',
        apiKey: () => {
          throw new TypeError('vault sealed');
        },
      },
      { is: 'undefined', apiKey: () => undefined as never },
      { is: 'an empty text', apiKey: () => '' },
      { is: 'a key with a line break', apiKey: () => `${FAILING_KEY}\n` },
      { is: 'a key in quotes', apiKey: () => `"${FAILING_KEY}"` },
      { is: 'a text that no header can hold', apiKey: () => 'schlüssel-obviously-fake' },
    ])('that come as $is give NUDGE_UNAVAILABLE, and nothing is sent', async ({ apiKey }) => {
      const host = await start({ apiKey });
      expectFailure(await host.getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(0);
    });
  });
});
