import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { metrics, trace } from '@opentelemetry/api';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { getNudgeTokenServiceToken, NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { AsyncLocalStorage } from 'node:async_hooks';
import { RecordingSdk } from '../support/recording-sdk.js';
import { HostAuthModule } from '../support/users.js';
import type { HostSettings } from '../support/host.js';
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

  it('counts once where feature modules import NudgeOtelModule again, and covers two registrations', async () => {
    const own = new RecordingSdk();
    sdks.push(own);
    @Module({ imports: [NudgeOtelModule.forRoot()] })
    class FeatureModule {}
    @Module({ imports: [FeatureModule, NudgeOtelModule.forRoot()] })
    class OtherFeatureModule {}
    const emea = { name: 'emea', apiKey: KEY, baseUrl: nudge.url, budget: { callsPerMinute: 1 } };
    await using host = await start(
      {},
      {
        modules: [
          HostAuthModule,
          FeatureModule,
          OtherFeatureModule,
          NudgeOtelModule.forRoot({ meterProvider: own.meterProvider, tracerProvider: own.tracerProvider }),
          NudgeAuthModule.forRoot(emea),
        ],
      },
    );
    const ofEmea = host.app.get<NudgeTokenService>(getNudgeTokenServiceToken('emea'), { strict: false });
    await host.getAsUser();
    await ofEmea.getToken();
    await ofEmea.getToken({ forceRefresh: true }).catch(() => undefined);
    const points = (await own.metrics()).flatMap(({ descriptor: { name }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [name, attributes['nudge_auth.registration'], value]),
    );
    for (const registration of ['default', 'emea']) {
      expect(points).toContainEqual(['nudge_auth.token.renewals', registration, 1]);
      expect(points).toContainEqual(['nudge_auth.vendor.calls', registration, 1]);
      expect(points).toContainEqual(['nudge_auth.token.held', registration, 1]);
    }
    expect(points).toContainEqual(['nudge_auth.budget.refused', 'emea', 1]);
    expect(own.spans).toHaveLength(3);
    expect([await sdk.metrics(), sdk.spans]).toEqual([[], []]);
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
