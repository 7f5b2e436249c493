import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import {
  NudgeTokenService,
  recordIssued,
  type AuditRecord,
  type NudgeAuditOptions,
  type NudgeAuthEvent,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/common/durations.js';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { HostAuthModule, userJwt } from '../support/users.js';
import { Host, type HostSettings } from '../support/host.js';
import { HealthController } from './support/health-controller.js';

const KEY = 'obviously-fake-private-key-of-the-operators';

let nudge: NudgeEmulator;

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

function start(options: Partial<NudgeAuthModuleOptions> = {}, settings: HostSettings = {}): Promise<Host> {
  const nudgeOptions = { apiKey: KEY, baseUrl: nudge.url, http: { maxRetries: 0 }, ...options };
  return Host.start('express', { nudge: nudgeOptions as NudgeAuthModuleOptions, ...settings });
}

describe('the events of an application', () => {
  it('reach a subscriber from the first renewal to the close', async () => {
    const host = await start();
    const received: NudgeAuthEvent[] = [];
    host.app.get(NudgeTokenService).subscribe((event) => received.push(event));
    await host.getAsUser();
    nudge.setFault({ kind: 'status', status: 502 });
    await host.app
      .get(NudgeTokenService)
      .getToken({ forceRefresh: true })
      .catch(() => undefined);
    await host.close();
    expect(received.map(({ type }) => type)).toEqual([
      'renewal-started',
      'renewed',
      'renewal-started',
      'failed',
      'closed',
    ]);
  });

  it('cost no answer where a listener never ends, or rejects late', async () => {
    await using host = await start();
    const tokens = host.app.get(NudgeTokenService);
    const hanging = (): unknown => new Promise(() => undefined);
    const failingLate = async (): Promise<unknown> => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('a listener with a late fault');
    };
    for (const listener of [hanging, failingLate as () => unknown]) tokens.subscribe(listener);
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await tokens.invalidate();
    }
  });

  it('cost no answer where a listener throws, and the log names its first error by its kind alone', async () => {
    await using host = await start();
    host.app.get(NudgeTokenService).subscribe(() => {
      throw new RangeError('what a host may write into its errors');
    });
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await host.app.get(NudgeTokenService).invalidate();
    }
    const lines = host.logger.lines.filter((line) => JSON.stringify(line).includes('listener'));
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).toMatch(/subscribe\(\) failed \(RangeError\)/);
    expect(JSON.stringify(host.logger.lines)).not.toContain('what a host may write');
  });
});

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

describe('the audit of an application', () => {
  it('has a record of every token that the endpoint hands out, and none for a HEAD or a refusal', async () => {
    const records: AuditRecord[] = [];
    const audit: NudgeAuditOptions = {
      user: (user) => String((user as { sub: unknown }).sub),
      onIssued: (issued) => void records.push(...issued),
    };
    const host = await start({ audit });
    const headers = { 'x-request-id': 'r-7' };
    const { token } = (await host.getAsUser('/nudge/token', headers)).json();
    await host.getAsUser('/nudge/token?format=text', headers);
    await host.head('/nudge/token', { authorization: `Bearer ${await userJwt()}` });
    expect((await host.get('/nudge/token')).status).toBe(401);
    const tokens = host.app.get(NudgeTokenService);
    recordIssued(tokens, { token: await tokens.getToken(), user: { sub: 'by hand' }, request: {} });
    // Closing the application delivers the records that wait.
    await host.close();
    expect(records.map(({ format }) => format)).toEqual(['json', 'text', 'json']);
    expect(records[0]).toMatchObject({ registration: 'default', scope: 'client', requestId: 'r-7' });
    expect(records[0]?.user).toBe(records[1]?.user);
    expect(records[2]?.user).toBe('by hand');
    expect(new Set(records.map(({ tokenFingerprint }) => tokenFingerprint)).size).toBe(1);
    const canaries = new Canaries().plant('a token', String(token)).plant('the API key', KEY);
    expect(canaries.foundIn(everythingSaidBy(records))).toEqual([]);
  });

  it('changes no answer where it hangs, and holds up the end of the application by two seconds at the most', async () => {
    const clock = new ManualClock();
    await using vendor = await NudgeEmulator.start({ apiKeys: [KEY], clock });
    const onIssued = () => new Promise<void>(() => undefined);
    const host = await start({ baseUrl: vendor.url, audit: { user: () => 'ada', onIssued } }, { clock });
    for (let times = 0; times < 3; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await clock.advanceAsync(SECOND_MS);
    }
    const closed = host.close();
    await clock.advanceAsync(2 * SECOND_MS);
    await closed;
    expect(host.logger.at('warn').join('\n')).toMatch(
      /3 records of the audit are lost: the application closed/,
    );
  });

  it('changes no answer where both of its functions throw', async () => {
    const broken = (): never => {
      throw new Error('an audit with a fault');
    };
    const host = await start({ audit: { user: broken, onIssued: broken } });
    expect((await host.getAsUser()).status).toBe(200);
    await host.close();
    expect(host.logger.at('warn').join('\n')).toMatch(
      /audit\.user failed \(Error\)[^]*1 records of the audit are lost: audit\.onIssued failed/,
    );
  });
});
