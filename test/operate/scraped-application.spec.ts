import { expect, it } from '@jest/globals';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import { until } from '../redis/support/until.js';
import { Host } from '../support/host.js';
import { describeWithProgram } from '../support/optional-program.js';
import { HostAuthModule } from '../support/users.js';
import { queriesOfTheBoard } from './support/board.js';
import { PrometheusServer } from './support/prometheus-server.js';

const API_KEY = 'fake-private-key-of-the-scraped-application';
/** No server listens there, so the store is lost from the start. */
const NO_REDIS = 'redis://127.0.0.1:1';
const LABELS = ['nudge_auth_registration', 'nudge_auth_outcome', 'nudge_auth_from'];
const WITHIN_MS = 30_000;

/** Serves the metrics of an exporter, like the `/metrics` of a host. */
async function serveMetrics(exporter: PrometheusExporter) {
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.dispose]: (): void => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The unit that the Collector adds to the name of a metric. A histogram has a suffix after it. */
const UNIT = /_seconds(?=_bucket$|$)/;

/** The metrics in the alert rules and in the dashboard: by the names of OpenTelemetry's exporter for JavaScript, and the Collector's. */
async function namedMetrics() {
  const texts = [await readFile('docs/prometheus-alerts.yml', 'utf8'), ...(await queriesOfTheBoard())];
  const found = texts.join('\n').match(/\bnudge_auth_\w+/g) ?? [];
  const names = [...new Set(found)].filter((name) => !LABELS.includes(name));
  return {
    names: names.filter((name) => !UNIT.test(name)),
    withoutUnit: names
      .filter((name) => UNIT.test(name))
      .map((name) => name.replace(/_seconds(?:_bucket)?$/, '')),
  };
}

describeWithProgram(
  'an application that Prometheus scrapes',
  { names: ['prometheus'], install: 'apt-get install prometheus' },
  (program) => {
    it('has every metric that the alert rules and the dashboard use, and both run without an error', async () => {
      await using nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
      const exporter = new PrometheusExporter({ preventServerStart: true });
      const meterProvider = new MeterProvider({ readers: [exporter] });
      const options = {
        apiKey: API_KEY,
        baseUrl: nudge.url,
        store: new RedisTokenStore({ url: NO_REDIS }),
      };
      await using host = await Host.start('express', {
        modules: [
          HostAuthModule,
          NudgeAuthModule.forRoot(options),
          NudgeOtelModule.forRoot({ meterProvider }),
        ],
      });
      expect((await host.getAsUser()).status).toBe(200);
      // The test emits these itself, because it takes long to spend a budget and to lose audit records.
      const events = host.app.get(NudgeAuthEvents, { strict: false });
      events.emit({ type: 'budget-spent', waiting: 0, retryInMs: 1_000 });
      events.emit({ type: 'audit-dropped', records: 1, reason: 'failed' });

      using metrics = await serveMetrics(exporter);
      await using prometheus = await PrometheusServer.start(program, metrics.address);
      const isFiring = async (): Promise<boolean> => (await prometheus.firing()).length > 0;
      await until('an alert fires', isFiring, WITHIN_MS);

      const { names, withoutUnit } = await namedMetrics();
      expect(names.length).toBeGreaterThan(10);
      expect(await prometheus.metricNames()).toEqual(expect.arrayContaining(names));
      const exported = await (await fetch(`http://${metrics.address}/metrics`)).text();
      const inSeconds = [...exported.matchAll(/^# UNIT (\w+) s$/gm)].map(([, name]) => name);
      expect(withoutUnit.toSorted()).toEqual(inSeconds.toSorted());
      const labels = { alertname: 'NudgeAuthAuditDropped', job: 'shop', nudge_auth_registration: 'default' };
      expect(await prometheus.firing()).toMatchObject([{ labels }]);
      const rules = await prometheus.rules();
      expect(rules.filter(({ lastError }) => lastError !== undefined && lastError !== '')).toEqual([]);
      for (const query of await queriesOfTheBoard()) await prometheus.query(query);
      const { result } = await prometheus.query('nudge_auth_store_available');
      expect(result.map(({ value }) => value[1])).toEqual(['0']);
      await meterProvider.shutdown();
    });
  },
);
