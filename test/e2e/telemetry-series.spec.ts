import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import { metrics } from '@opentelemetry/api';
import { NudgeTokenService, type AuditRecord, type NudgeAuthEvent } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { RecordingSdk } from '../support/recording-sdk.js';
import { HostAuthModule } from '../support/users.js';
import type { HostSettings } from '../support/host.js';
import { HealthController } from './support/health-controller.js';
import { KEY, operatedHosts } from './support/operated-hosts.js';

let nudge: NudgeEmulator;
const start = operatedHosts(() => nudge);

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

describe('the telemetry of an application', () => {
  let sdk: RecordingSdk;
  const sdks: RecordingSdk[] = [];

  beforeEach(() => {
    // The SDK starts after the package was imported.
    sdk = new RecordingSdk();
    sdks.push(sdk);
    metrics.setGlobalMeterProvider(sdk.meterProvider);
    sdk.tracerProvider.register();
  });

  afterEach(() => Promise.all(sdks.splice(0).map((each) => each.stop())));

  const observed: HostSettings = { modules: [HostAuthModule, NudgeOtelModule.forRoot()] };

  it('has no more series after 10,000 users and random paths, and holds no user, key or token', async () => {
    const canaries = new Canaries().plant('the API key', KEY);
    await using host = await start({ scope: 'user', extId: () => 'unused' } as never, observed);
    const tokens = host.app.get(NudgeTokenService);
    const received = new Map<string, NudgeAuthEvent>();
    tokens.subscribe((event) => received.set(event.type, event));
    canaries.plant('a user', 'canary-user-7');
    const seriesAfter = async (users: number): Promise<number> => {
      const ask = (index: number) =>
        tokens.getToken({ extId: `canary-user-${index}` }).catch(() => undefined);
      await Promise.all(Array.from({ length: users }, (_, index) => ask(index)));
      await host.getAsUser(`/nudge/token?${users}`);
      return (await sdk.metrics()).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
    };
    const { token } = await tokens.getToken({ extId: 'canary-user-7' });
    canaries.plant('a token', token);
    // From now on all users are refused, so that 10,000 of them take no time.
    nudge.setFault({ kind: 'status', status: 429, retryAfterS: 600 });
    await tokens.getToken({ extId: 'canary-user-8' }).catch(() => undefined);
    const few = await seriesAfter(100);
    expect(await seriesAfter(10_000)).toBe(few);
    const spans = new Set(sdk.spans.map(({ attributes, links }) => JSON.stringify([attributes, links])));
    const said = [await sdk.metrics(), [...spans]];
    expect(canaries.foundIn(everythingSaidBy([said, received, tokens.status()]))).toEqual([]);
  });

  it('has no more series for 1,000 tenants and random paths, and nothing that is told holds a secret or a name', async () => {
    const canaries = new Canaries().plant('the API key', KEY).plant('a tenant', 'canary-tenant-7');
    const records: AuditRecord[] = [];
    const heard = new Map<string, NudgeAuthEvent>();
    const host = await start(
      {
        apiKey: undefined,
        tenants: { id: () => 'canary-tenant-7', config: () => ({ apiKey: KEY }), maxTenants: 2_000 },
        audit: {
          user: () => 'canary-user-7',
          onIssued: (issued) => void records.push(...issued),
        },
      },
      {
        modules: [HostAuthModule, TerminusModule, NudgeOtelModule.forRoot()],
        providers: [NudgeHealthIndicator],
        controllers: [HealthController],
      },
    );
    const tokens = host.app.get(NudgeTokenService);
    tokens.subscribe((event) => heard.set(event.type, event));
    const answer = (await host.getAsUser()).json();
    canaries.plant('a token', String(answer['token']));
    nudge.setFault({ kind: 'status', status: 429, retryAfterS: 600 });
    await tokens.getToken({ tenant: 'canary-tenant-8' }).catch(() => undefined);
    const seriesAfter = async (tenants: number): Promise<number> => {
      const ask = (index: number) =>
        tokens.getToken({ tenant: `canary-tenant-${index}` }).catch(() => undefined);
      await Promise.all(Array.from({ length: tenants }, (_, index) => ask(index)));
      for (const path of ['', '/nudge/token/', '/']) await host.getAsUser(`${path}/${tenants}?${tenants}`);
      return (await sdk.metrics()).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
    };
    const few = await seriesAfter(10);
    expect(await seriesAfter(1_000)).toBe(few);
    const health = [(await host.get('/health/ready')).json(), tokens.status()];
    const spans = sdk.spans.map(({ name, attributes, links }) => [name, attributes, links]);
    await host.close();
    expect(heard.size).toBeGreaterThan(3);
    expect(records.length).toBeGreaterThan(0);
    const anonymous = records.map(({ user: _user, tenant: _tenant, ...others }) => others);
    const said = [await sdk.metrics(), spans, heard, health, anonymous];
    expect(canaries.plant('a user', 'canary-user-7').foundIn(everythingSaidBy(said))).toEqual([]);
  });
});
