import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** The application's server serves the metrics, so the exporter starts no server. */
export const prometheusExporter = new PrometheusExporter({ preventServerStart: true });

/** Starts OpenTelemetry. Call it before Nest creates the application. */
export function startTelemetry(): void {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheusExporter] }));
}
