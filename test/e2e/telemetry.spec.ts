import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import { metrics, trace } from '@opentelemetry/api';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import {
  NudgeTokenService,
  type AuditRecord,
  type NudgeAuthEvent,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { RecordingSdk } from '../support/recording-sdk.js';
import { HostAuthModule } from '../support/users.js';
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

describe('the telemetry of an application', () => {
  let sdk: RecordingSdk;

  beforeEach(() => {
    // The SDK starts after the package was imported.
    sdk = new RecordingSdk();
    metrics.setGlobalMeterProvider(sdk.meterProvider);
    sdk.tracerProvider.register();
  });

  afterEach(() => sdk.stop());

  const observed: HostSettings = { modules: [HostAuthModule, NudgeOtelModule.forRoot()] };

  it('counts requests, calls and renewals by their outcome', async () => {
    await using host = await start({}, observed);
    for (let times = 0; times < 3; times += 1) await host.getAsUser();
    nudge.setFault({ kind: 'status', status: 503 });
    const tokens = host.app.get(NudgeTokenService);
    await tokens.getToken({ forceRefresh: true }).catch(() => undefined);
    expect(await sdk.series('nudge_auth.token.requests')).toEqual([
      [{ 'nudge_auth.outcome': 'held' }, 2],
      [{ 'nudge_auth.outcome': 'waited' }, 1],
      [{ 'nudge_auth.outcome': 'stale' }, 0],
      [{ 'nudge_auth.outcome': 'failed', 'error.type': 'NUDGE_UNAVAILABLE' }, 1],
    ]);
    expect(await sdk.series('nudge_auth.vendor.calls')).toEqual([
      [{}, 1],
      [{ 'error.type': 'NUDGE_UNAVAILABLE' }, 1],
    ]);
    const renewals = [
      [{ 'nudge_auth.reason': 'cold', 'nudge_auth.from': 'vendor' }, 1],
      [{ 'nudge_auth.reason': 'forced', 'error.type': 'NUDGE_UNAVAILABLE' }, 1],
    ];
    expect(await sdk.series('nudge_auth.token.renewals')).toEqual(renewals);
    const durations = await sdk.series('nudge_auth.token.renewal.duration');
    expect(durations.map(([attributes]) => attributes)).toEqual(renewals.map(([attributes]) => attributes));
    expect(durations[0]?.[1]).toMatchObject({
      count: 1,
      buckets: { boundaries: expect.arrayContaining([0.25, 7]) },
    });
    expect(await sdk.series('nudge_auth.token.held')).toEqual([[{}, 1]]);
    const [life] = await sdk.series('nudge_auth.token.remaining_life');
    expect(life?.[1]).toBeGreaterThan(3_500);
    expect(await sdk.series('nudge_auth.key.fallback_in_use')).toEqual([[{}, 0]]);
    expect(await sdk.series('nudge_auth.store.available')).toEqual([]);
    expect(await sdk.series('nudge_auth.budget.waiting')).toEqual([[{}, 0]]);
  });

  it('has one root span for a renewal, with a link to the request that caused it', async () => {
    await using host = await start({}, observed);
    const tokens = host.app.get(NudgeTokenService);
    const tracer = trace.getTracer('the host');
    const asRequest = (name: string) =>
      tracer.startActiveSpan(name, async (span) => {
        await tokens.getToken();
        span.end();
        return span.spanContext();
      });
    const [cause] = await Promise.all([asRequest('cold'), asRequest('waiting'), asRequest('waiting')]);
    await asRequest('held');
    const renewals = sdk.spans.filter(({ name }) => name === 'nudge_auth.renew');
    expect(renewals).toHaveLength(1);
    const [renewal] = renewals;
    expect(renewal?.parentSpanContext).toBeUndefined();
    expect(renewal?.spanContext().traceId).not.toBe(cause?.traceId);
    expect(renewal?.links.map(({ context: { spanId } }) => spanId)).toEqual([cause?.spanId]);
    expect(renewal?.attributes).toEqual({
      'nudge_auth.registration': 'default',
      'nudge_auth.reason': 'cold',
      'nudge_auth.from': 'vendor',
    });
  });

  it('starts the span of a renewal outside the async context of the request that caused it', async () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const idle = () => Promise.resolve();
    const onStart = () => void seen.push(requests.getStore() ?? 'no request');
    const spanProcessors = [{ onStart, onEnd: () => {}, forceFlush: idle, shutdown: idle }];
    const otel = NudgeOtelModule.forRoot({ tracerProvider: new NodeTracerProvider({ spanProcessors }) });
    await using host = await start({}, { modules: [HostAuthModule, otel] });
    await requests.run('a request', () => host.app.get(NudgeTokenService).getToken());
    expect(seen).toEqual(['no request']);
  });

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

  it.each<[what: string, exported: () => void]>([
    [
      'throws',
      () => {
        throw new Error('an exporter with a fault');
      },
    ],
    ['hangs', () => undefined],
  ])('costs no answer where an exporter %s', async (_what, exported) => {
    const done = async (): Promise<void> => undefined;
    const metricExporter = { export: exported, forceFlush: done, shutdown: done } as PushMetricExporter;
    const spanExporter = { export: exported, shutdown: done } as SpanExporter;
    const meterProvider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 1 })],
    });
    const tracerProvider = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(spanExporter)],
    });
    const otel = NudgeOtelModule.forRoot({ meterProvider, tracerProvider });
    await using host = await start({}, { modules: [HostAuthModule, otel] });
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await host.app.get(NudgeTokenService).invalidate();
    }
  });

  it('costs no answer where the SDK throws', async () => {
    const broken = (): never => {
      throw new Error('an SDK with a fault');
    };
    const meter = sdk.meterProvider.getMeter('broken');
    for (const name of ['createCounter', 'createHistogram'] as const) {
      Object.defineProperty(meter, name, { value: () => ({ add: broken, record: broken }) });
    }
    const meterProvider = { getMeter: () => meter };
    const tracerProvider = { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) };
    const otel = NudgeOtelModule.forRoot({ meterProvider, tracerProvider });
    await using host = await start({}, { modules: [HostAuthModule, otel] });
    expect((await host.getAsUser()).status).toBe(200);
  });
});
