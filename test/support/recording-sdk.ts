import { expect } from '@jest/globals';
import { context, metrics, trace, type Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import { HOUR_MS } from '../../src/common/durations.js';

/** A host's SDK, which keeps in memory what it would export. */
export class RecordingSdk {
  readonly #spans = new InMemorySpanExporter();
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: this.#exporter,
    exportIntervalMillis: HOUR_MS,
  });
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });
  readonly tracerProvider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  });

  get spans(): ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  async metrics(): Promise<MetricData[]> {
    this.#exporter.reset();
    await this.meterProvider.forceFlush();
    return this.#exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  }

  /** Attributes and value of every series of a metric, without the registration. */
  async series(name: string): Promise<[Attributes, unknown][]> {
    const metric = (await this.metrics()).find(({ descriptor }) => descriptor.name === name);
    return (metric?.dataPoints ?? []).map(({ attributes, value }) => {
      const { 'nudge_auth.registration': registration, ...others } = attributes;
      expect(registration).toBe('default');
      return [others, value];
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.meterProvider.shutdown(), this.tracerProvider.shutdown()]);
    metrics.disable();
    trace.disable();
    context.disable();
  }
}
