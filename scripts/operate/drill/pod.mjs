import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { get } from 'node:http';
import { NUDGE_CLOCK, NUDGE_RANDOM } from '../../../dist/common/injection-tokens.js';
import { HealthModule } from '../../../examples/03-observed/dist/03-observed/health/health.module.js';

const serializer = new PrometheusSerializer('', false, undefined, true, true);
/** Takes the place of chance, so that every drill runs in the same way. */
const sameEveryTime = () => 0.5;

function request(url, headers = {}) {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** One process of the application. Like examples/03-observed it has the endpoint, telemetry and health. */
export class Pod {
  /** The events that no account has taken yet. */
  events = [];
  /** The answers to users that no account has taken yet. */
  answers = [];
  #app;
  #url;
  #exporter;
  #meterProvider;

  static async start({ name, options, clock, log }) {
    const pod = new Pod();
    pod.name = name;
    pod.clock = clock;
    pod.#exporter = new PrometheusExporter({ preventServerStart: true });
    pod.#meterProvider = new MeterProvider({ readers: [pod.#exporter] });
    const imports = [
      NudgeAuthModule.forRoot(options),
      NudgeOtelModule.forRoot({ meterProvider: pod.#meterProvider }),
      HealthModule,
    ];
    class PodModule {}
    Module({ imports })(PodModule);
    const testing = await Test.createTestingModule({ imports: [PodModule] })
      .setLogger(log)
      .overrideProvider(NUDGE_CLOCK)
      .useValue(clock)
      .overrideProvider(NUDGE_RANDOM)
      .useValue(sameEveryTime)
      .compile();
    pod.#app = testing.createNestApplication({ logger: log });
    await pod.#app.listen(0, '127.0.0.1');
    pod.#url = await pod.#app.getUrl();
    pod.#app.get(NudgeTokenService).subscribe((event) => pod.events.push(event));
    return pod;
  }

  /** Asks for a token as a user. */
  async ask(jwt) {
    const { status, headers } = await request(`${this.#url}/nudge/token`, {
      authorization: `Bearer ${jwt}`,
    });
    this.answers.push({ status, code: headers['nudge-auth-error'] });
  }

  /** The text that Prometheus would scrape. */
  async metrics() {
    const { resourceMetrics } = await this.#exporter.collect();
    return serializer.serialize(resourceMetrics);
  }

  /** The part of Nudge in the readiness check, and the HTTP status of the check. */
  async health() {
    const { status, text } = await request(`${this.#url}/health/ready`);
    return { ...JSON.parse(text).details.nudge, readyStatus: status };
  }

  async isAlive() {
    return (await request(`${this.#url}/health/live`)).status === 200;
  }

  async stop() {
    await this.#app.close();
    await this.#meterProvider.shutdown();
  }
}
