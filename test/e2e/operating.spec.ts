import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { metrics, trace } from '@opentelemetry/api';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import {
  getNudgeTokenServiceToken,
  NudgeAuthModule,
  NudgeTokenService,
  recordIssued,
  type AuditRecord,
  type NudgeAuditOptions,
  type NudgeAuthEvent,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { AsyncLocalStorage } from 'node:async_hooks';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/common/durations.js';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { RecordingSdk } from '../support/recording-sdk.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';
import { Host, type HostSettings } from '../support/host.js';

const KEY = 'obviously-fake-private-key-of-the-operators';

let nudge: NudgeEmulator;

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

/** A host application that closes when it goes out of scope. */
async function start(
  options: Partial<NudgeAuthModuleOptions> = {},
  settings: HostSettings = {},
): Promise<Host & AsyncDisposable> {
  const nudgeOptions = { apiKey: KEY, baseUrl: nudge.url, http: { maxRetries: 0 }, ...options };
  const host = await Host.start('express', { nudge: nudgeOptions as NudgeAuthModuleOptions, ...settings });
  return Object.assign(host, { [Symbol.asyncDispose]: () => host.close() });
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

describe('a logger of the host that throws', () => {
  const broken = (): never => {
    throw new Error('a function with a fault');
  };

  function breakTheLogger({ logger }: Host): void {
    Object.assign(logger, { log: broken, warn: broken, error: broken, debug: broken });
  }

  it('leaves the 401 of a bad JWT a 401', async () => {
    await using host = await start(
      { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } },
      { modules: [] },
    );
    breakTheLogger(host);
    const answer = await host.get('/nudge/token', { authorization: 'Bearer no.real.jwt' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('leaves the 503 of a function that fails a 503', async () => {
    await using host = await start(
      { userJwt: { secret: USER_SECRET, algorithms: ['HS256'], isRevoked: broken } },
      { modules: [] },
    );
    breakTheLogger(host);
    const answer = await host.getAsUser();
    expect([answer.status, answer.json()['code']]).toEqual([503, 'USER_CHECK_FAILED']);
  });

  it('costs no token while Nudge fails, a listener throws and the audit fails', async () => {
    await using host = await start({ audit: { user: broken, onIssued: broken } });
    breakTheLogger(host);
    const tokens = host.app.get(NudgeTokenService);
    tokens.subscribe(broken);
    expect((await host.getAsUser()).status).toBe(200);
    nudge.setFault({ kind: 'status', status: 502 });
    await expect(tokens.getToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'NUDGE_UNAVAILABLE',
    });
    expect((await host.getAsUser()).status).toBe(200);
  });

  it('does not stop a boot that warns', async () => {
    const warn = jest.fn(broken);
    const silent = (): void => undefined;
    await using host = await start(
      { fallbackApiKey: KEY },
      { override: (builder) => builder.setLogger({ log: silent, error: silent, warn }) },
    );
    expect(warn).toHaveBeenCalledTimes(1);
    expect((await host.getAsUser()).status).toBe(200);
  });
});

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(NudgeHealthIndicator) private readonly nudgeHealth: NudgeHealthIndicator,
  ) {}

  @Get('ready')
  ready() {
    return this.health.check([() => this.nudgeHealth.check()]);
  }

  @Get('strict')
  strict() {
    return this.health.check([() => this.nudgeHealth.check('nudge', { strict: true })]);
  }

  @Get('unknown')
  unknown() {
    return this.nudgeHealth.check('nudge', { name: 'nowhere' }).catch((error: Error) => error.message);
  }
}

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
