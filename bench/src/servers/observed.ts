import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NudgeTokenService } from '#nudge-auth';
import type { Server } from 'node:http';
import { InProcessLoad } from './in-process-load.js';
import { nudgeEndpoint, type RouteSettings } from './routes.js';
import type { Telemetry } from '../measures/otel.js';

const PATH = '/nudge/token';
const EXPORT_EVERY_MS = 1_000;

const settings = JSON.parse(process.argv[2] ?? '{}') as RouteSettings & { readonly telemetry: Telemetry };

/** Starts an SDK that records everything and exports to memory every second. */
async function startSdk(): Promise<void> {
  const { metrics } = await import('@opentelemetry/api');
  const sdk = await import('@opentelemetry/sdk-metrics');
  const traces = await import('@opentelemetry/sdk-trace-node');
  const exporter = new sdk.InMemoryMetricExporter(sdk.AggregationTemporality.CUMULATIVE);
  const reader = new sdk.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_EVERY_MS });
  metrics.setGlobalMeterProvider(new sdk.MeterProvider({ readers: [reader] }));
  const spanProcessor = new traces.BatchSpanProcessor(new traces.InMemorySpanExporter());
  new traces.NodeTracerProvider({ spanProcessors: [spanProcessor] }).register();
}

/** The modules for telemetry that the application imports. */
async function telemetryModules(telemetry: Telemetry): Promise<DynamicModule[]> {
  if (telemetry === 'none') return [];
  const { NudgeOtelModule } = await import('#nudge-auth/otel/index');
  return telemetry === 'loaded' ? [] : [NudgeOtelModule.forRoot()];
}

if (settings.telemetry === 'SDK') await startSdk();

@Module({ imports: [nudgeEndpoint(settings), ...(await telemetryModules(settings.telemetry))] })
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const tokens = app.get(NudgeTokenService);
let inProcessLoad: InProcessLoad | undefined;

const ANSWERS: Readonly<Record<string, (count: number, jwt: string) => Promise<number>>> = {
  endpoint: (requests, jwt) => {
    inProcessLoad ??= new InProcessLoad(app.getHttpServer() as Server, PATH, jwt);
    return inProcessLoad.cpuMicrosecondsPerRequest(requests);
  },
  'get-token': async (calls) => {
    const began = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) await tokens.getToken();
    return Number(process.hrtime.bigint() - began) / calls;
  },
};

async function answer(message: string): Promise<void> {
  const [question = '', count = '', jwt = ''] = message.split(' ');
  process.send?.(await ANSWERS[question]?.(Number(count), jwt));
}

process.on('message', (message: string) => void answer(message));
await tokens.getToken();
process.send?.(await app.getUrl());
