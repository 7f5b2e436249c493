import { execFile, execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { cpus } from 'node:os';
import { outputOf } from './machine.js';

const run = promisify(execFile);

const AUTOCANNON = new URL('../../node_modules/autocannon/autocannon.js', import.meta.url).pathname;
const CONNECTIONS = 64;

const hasWrk = outputOf('wrk', '--version') !== undefined;
const MEASURED_CORE = '0';
const OTHER_CORE = '1';

/** Whether a process can be pinned to a core. Some machines forbid it although taskset is installed. */
function canPinTo(core: string): boolean {
  try {
    execFileSync('taskset', ['-c', core, process.execPath, '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The measured process gets one core and all others get the other core, so that they do not disturb it. */
const canPin = cpus().length > 1 && canPinTo(MEASURED_CORE) && canPinTo(OTHER_CORE);

/** The program that makes the load, and where it runs. */
export const loadGenerator = [
  hasWrk ? `wrk -t1 -c${CONNECTIONS}` : `autocannon -c${CONNECTIONS}`,
  canPin ? 'on a separate core' : 'on any core',
].join(' ');

/** A server in a child process, with its own port. Disposing it ends the process. */
export class ServerProcess implements AsyncDisposable {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param module a file of `servers/`, which sends its origin when it listens. */
  static async start(
    module: string,
    settings: object,
    core: 'measured' | 'other' | 'any' = 'any',
    execArgv: string[] = [],
  ): Promise<ServerProcess> {
    const child = fork(new URL(`./servers/${module}.js`, import.meta.url), [JSON.stringify(settings)], {
      execArgv,
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${module} ended with ${String(code)} before it listened`);
    });
    const [origin] = (await Promise.race([once(child, 'message'), failed])) as [string];
    failed.catch(() => undefined);
    if (canPin && core !== 'any')
      await run('taskset', ['-acp', core === 'measured' ? MEASURED_CORE : OTHER_CORE, String(child.pid)]);
    return new ServerProcess(child, origin);
  }

  /** The server's answer to a question. `app` answers `cpu`, `profile`, `profile-end` and `in-process`. */
  async ask<Answer>(question: string): Promise<Answer> {
    const answered = once(this.child, 'message');
    this.child.send(question);
    const [answer] = (await answered) as [Answer];
    return answer;
  }

  /** Microseconds of CPU time that the process has used since its start. */
  async cpuMicroseconds(): Promise<number> {
    const { user, system } = await this.ask<NodeJS.CpuUsage>('cpu');
    return user + system;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

function parseWrk(report: string): LoadResult {
  if (/Non-2xx|Socket errors/.test(report)) throw new Error(`Not every request was answered:\n${report}`);
  const requests = /(\d+) requests in/.exec(report)?.[1];
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(report)?.[1];
  const [, p99, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(report) ?? [];
  return {
    requests: Number(requests),
    requestsPerSecond: Number(rate),
    p99Ms: Number(p99) * (UNITS_MS[unit] ?? Number.NaN),
  };
}

function parseAutocannon(report: string): LoadResult {
  const result = JSON.parse(report) as {
    requests: { average: number; total: number };
    latency: { p99: number };
    non2xx: number;
    errors: number;
  };
  if (result.non2xx > 0 || result.errors > 0) throw new Error('Not every request was answered');
  const { average, total } = result.requests;
  // autocannon counts whole milliseconds, so values below one cannot be compared.
  return { requests: total, requestsPerSecond: average, p99Ms: Math.max(1, result.latency.p99) };
}

/** Sends requests over 64 connections from a separate process, each as soon as the last one was answered. */
export async function load(url: string, jwt: string, seconds: number): Promise<LoadResult> {
  const authorization = `authorization: Bearer ${jwt}`;
  const [program, ...parameters] = hasWrk
    ? [
        'wrk',
        '-t1',
        `-c${CONNECTIONS}`,
        `-d${seconds}s`,
        '--timeout',
        '10s',
        '--latency',
        '-H',
        authorization,
        url,
      ]
    : [
        process.execPath,
        AUTOCANNON,
        '-j',
        '-c',
        `${CONNECTIONS}`,
        '-d',
        `${seconds}`,
        '-H',
        authorization,
        url,
      ];
  const pinned = canPin ? ['taskset', '-c', OTHER_CORE, program ?? ''] : [program ?? ''];
  const [command, ...rest] = [...pinned, ...parameters];
  const { stdout } = await run(command, rest);
  return hasWrk ? parseWrk(stdout) : parseAutocannon(stdout);
}
