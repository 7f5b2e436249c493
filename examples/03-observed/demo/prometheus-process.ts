import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('run-while-alive.js', import.meta.url));
const RULES = new URL('../../../../../docs/prometheus-alerts.yml', import.meta.url);
const LOOK_EVERY_MS = 100;

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [timeS: number, value: string];
}

/** The alert rules with shorter times, so that an alert fires within the demo. */
async function fastRules(secondsPerMinute: number): Promise<string> {
  const rules = await readFile(RULES, 'utf8');
  return rules.replaceAll(/\b(\d+)m\b/g, (_, minutes: string) => `${Number(minutes) * secondsPerMinute}s`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Demo only: a Prometheus in a child process that scrapes the application every second. */
export class PrometheusProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts Prometheus; `undefined` if it is not installed. */
  static async start(target: string, secondsPerMinute: number): Promise<PrometheusProcess | undefined> {
    if (spawnSync('prometheus', ['--version']).status !== 0) return undefined;
    const folder = await mkdtemp(join(tmpdir(), 'nudge-auth-observed-'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'rules.yml')],
      scrape_configs: [{ job_name: 'observed', static_configs: [{ targets: [target] }] }],
    };
    await writeFile(join(folder, 'rules.yml'), await fastRules(secondsPerMinute));
    // JSON is valid YAML.
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    // A separate process group, because Ctrl-C and a closed terminal would otherwise end Prometheus at once too.
    const child = spawn(process.execPath, [RUNNER, 'prometheus', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    const prometheus = new PrometheusProcess(`http://${address}`, child, folder);
    while (!(await prometheus.#isReady())) await delay(LOOK_EVERY_MS);
    return prometheus;
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = await this.#get<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result;
  }

  async alerts(): Promise<readonly Alert[]> {
    const { alerts } = await this.#get<{ alerts: Alert[] }>('alerts');
    return alerts;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, 'exit');
      this.child.stdin?.end();
      await ended;
    }
    await rm(this.folder, { recursive: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error('Prometheus ended before it was ready');
    return fetch(`${this.url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1/${path}`);
    return ((await answer.json()) as { data: T }).data;
  }
}
