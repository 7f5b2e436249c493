import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { HOUR_MS, MINUTE_MS } from '../../src/common/durations.js';
import { HostAuthModule } from '../support/users.js';
import type { Host, HostSettings } from '../support/host.js';
import { HealthController } from './support/health-controller.js';
import { KEY, operatedHosts } from './support/operated-hosts.js';

let nudge: NudgeEmulator;
const start = operatedHosts(() => nudge);

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

describe('the health of an application', () => {
  const health: HostSettings = {
    modules: [HostAuthModule, TerminusModule],
    providers: [NudgeHealthIndicator],
    controllers: [HealthController],
  };

  it('is up before the first request, although no token is held yet', async () => {
    await using host = await start({}, health);
    const answer = await host.get('/health/ready');
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ status: 'ok', info: { nudge: { status: 'up' } } });
    expect(answer.json()['details']).toEqual({
      nudge: { status: 'up', canServe: true, canRenew: true, fallbackInUse: false, store: 'none' },
    });
    expect(nudge.requests).toHaveLength(0);
  });

  it('is degraded during an outage, and down only if strict and no token is usable', async () => {
    const clock = new ManualClock();
    // The emulator uses the same clock, because two tokens of the same second would be equal.
    await using vendor = await NudgeEmulator.start({ apiKeys: [KEY], clock });
    await using host = await start({ baseUrl: vendor.url }, { ...health, clock });
    await host.getAsUser();
    vendor.setFault({ kind: 'status', status: 503 });
    const tokens = host.app.get(NudgeTokenService);
    await tokens.getToken({ forceRefresh: true }).catch(() => undefined);
    const left: unknown[] = [];
    for (let minute = 0; minute < 50; minute += 10) {
      const { status, body } = await readiness(host, '/health/strict');
      expect([status, body['status']]).toEqual([200, 'degraded']);
      expect(body).toMatchObject({ canServe: true, canRenew: false, code: 'NUDGE_UNAVAILABLE' });
      left.push(body['remainingMs']);
      expect(body['remainingMs']).toBeLessThanOrEqual(HOUR_MS - minute * MINUTE_MS);
      expect(body['remainingMs']).toBeGreaterThan(HOUR_MS - minute * MINUTE_MS - MINUTE_MS);
      clock.advance(10 * MINUTE_MS);
    }
    expect(new Set(left).size).toBe(5);
    clock.advance(20 * MINUTE_MS);
    await tokens.getToken().catch(() => undefined);
    const { status, body } = await readiness(host, '/health/strict');
    expect([status, body['status']]).toEqual([503, 'down']);
    expect(body).toMatchObject({ canServe: false, remainingMs: 0 });
    expect((await readiness(host, '/health/ready')).status).toBe(200);
    vendor.clearFaults();
    clock.advance(HOUR_MS);
    // The backoff is over. Traffic must come again, because only a request finds out whether Nudge is back.
    expect((await readiness(host, '/health/strict')).body).toMatchObject({
      status: 'degraded',
      canServe: true,
    });
    await host.getAsUser();
    expect((await readiness(host, '/health/strict')).body).toMatchObject({ status: 'up', canRenew: true });
  });

  it('is the same from the indicators of two modules', async () => {
    @Module({ imports: [TerminusModule], providers: [NudgeHealthIndicator] })
    class FeatureModule {}
    @Module({ imports: [TerminusModule], providers: [NudgeHealthIndicator] })
    class OtherFeatureModule {}
    await using host = await start({}, { modules: [HostAuthModule, FeatureModule, OtherFeatureModule] });
    const indicators = [FeatureModule, OtherFeatureModule].map((module) =>
      host.app.select(module).get(NudgeHealthIndicator, { strict: true }),
    );
    expect(indicators[0]).not.toBe(indicators[1]);
    const [one, other] = await Promise.all(indicators.map((indicator) => indicator.check()));
    expect(one).toMatchObject({ nudge: { status: 'up', canServe: true } });
    expect(other).toEqual(one);
    expect(nudge.requests).toHaveLength(0);
  });

  it('names a registration that does not exist', async () => {
    await using host = await start({}, health);
    expect((await host.get('/health/unknown')).text).toMatch(/no NudgeAuthModule with the name "nowhere"/);
  });
});

async function readiness(host: Host, path: string) {
  const answer = await host.get(path);
  const { nudge: body } = answer.json()['details'] as { nudge: Record<string, unknown> };
  return { status: answer.status, body };
}
