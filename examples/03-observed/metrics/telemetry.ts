import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Answers in the application's own server instead of on a port of its own. */
export const prometheusExporter = new PrometheusExporter({ preventServerStart: true });

/** Starts OpenTelemetry. To be called before Nest makes the application. */
export function startTelemetry(): void {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheusExporter] }));
}
