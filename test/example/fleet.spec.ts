import { afterEach, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describeRedis } from '../redis/support/describe-redis.js';
import { until } from '../redis/support/until.js';

/** Long enough for a machine that does much else. */
const WITHIN_MS = 60_000;
jest.setTimeout(180_000);

const MAIN = fileURLToPath(new URL('../../examples/02-fleet/dist/main.js', import.meta.url));

interface Stats {
  readonly isAsking: boolean;
  readonly served: number;
  readonly nudgeCalls: number;
  readonly redis: string;
  readonly processes: readonly { pid: number; served: number; storeAvailable: boolean }[];
  readonly history: {
    readonly seconds: readonly { served: number; nudgeCalls: number }[];
    readonly marks: readonly { text: string }[];
  };
}

/** Starts the built example without the variables that the shell may have set for a real Redis. */
function start(path = process.env['PATH']): ReturnType<typeof spawn> {
  const env = { ...process.env, PATH: path, PORT: '0', NODE_OPTIONS: '' };
  return spawn(process.execPath, [MAIN], {
    env: Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'REDIS_URL')),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.destroy());
    socket.on('error', () => resolve(true));
    socket.on('close', () => resolve(false));
  });
}

describeRedis('the example of a fleet', () => {
  let example: ReturnType<typeof spawn> | undefined;

  afterEach(() => {
    example?.kill('SIGTERM');
    // If the example leaves processes behind, they must not keep the tests from ending.
    for (const stream of [example?.stdout, example?.stderr]) stream?.destroy();
  });

  async function banner(): Promise<{ url: string; redis: string }> {
    if (example?.stdout === null || example?.stdout === undefined)
      throw new Error('The example was not started');
    let url = '';
    for await (const line of createInterface(example.stdout)) {
      url = /Page +(http:\S+)/.exec(line)?.[1] ?? url;
      const redis = /Redis +(redis:\S+)/.exec(line)?.[1];
      if (redis === undefined) continue;
      example.stdout.resume();
      return { url, redis };
    }
    throw new Error(
      'The example ended before its page was served. Build it: npm run build && npm run build:fleet',
    );
  }

  it('serves users from four processes, also without Redis, and ends cleanly', async () => {
    expect(existsSync(MAIN)).toBe(true);
    example = start();
    const { url } = await banner();
    const post = (what: string): Promise<Response> => fetch(`${url}/demo/${what}`, { method: 'POST' });
    const stats = async (): Promise<Stats> => (await fetch(`${url}/demo/stats`)).json() as Promise<Stats>;
    const { accessToken } = (await (await post('login')).json()) as { accessToken: string };
    const statuses = async (count: number): Promise<number[]> => {
      const requests = Array.from({ length: count }, async () => {
        const headers = { authorization: `Bearer ${accessToken}` };
        return (await fetch(`${url}/nudge/token`, { headers })).status;
      });
      return [...new Set(await Promise.all(requests))];
    };
    await until('four processes run', async () => (await stats()).processes?.length === 4, WITHIN_MS);
    expect((await fetch(`${url}/nudge/token`)).status).toBe(401);
    expect(await statuses(40)).toEqual([200]);
    await until('all requests are counted', async () => {
      const { processes } = await stats();
      return processes.reduce((sum, { served }) => sum + served, 0) === 40;
    });
    expect((await stats()).nudgeCalls).toBeLessThanOrEqual(2);

    expect((await post('stop-redis')).status).toBe(202);
    await until('Redis is gone', async () => (await stats()).redis === 'stopped');
    expect(await statuses(20)).toEqual([200]);
    await post('start-redis');
    await until('Redis is back', async () => (await stats()).redis === 'running');
    await until('all processes share tokens again', async () => {
      expect(await statuses(4)).toEqual([200]);
      return (await stats()).processes.every(({ storeAvailable }) => storeAvailable);
    });
    expect((await post('nonsense')).status).toBe(400);

    for (const source of ['/', '/app.js', '/chart.js', '/style.css', '/uplot/uPlot.esm.js']) {
      expect((await fetch(url + source)).status).toBe(200);
    }
    const ended = once(example, 'exit');
    example.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('spreads the load of its crowd over four processes, and records each second, the end of Redis and of a process', async () => {
    example = start();
    const { url } = await banner();
    const post = (what: string): Promise<Response> => fetch(`${url}/demo/${what}`, { method: 'POST' });
    const headers = { connection: 'close' };
    const stats = async (): Promise<Stats> =>
      (await fetch(`${url}/demo/stats`, { headers })).json() as Promise<Stats>;
    await until('four processes run', async () => (await stats()).processes?.length === 4, WITHIN_MS);

    await post('start-asking');
    await until('the crowd is served', async () => (await stats()).served > 200, WITHIN_MS);
    expect((await stats()).isAsking).toBe(true);
    await post('stop-asking');
    await until('all served requests are counted', async () => {
      const { isAsking, served, processes } = await stats();
      return !isAsking && processes.reduce((sum, one) => sum + one.served, 0) === served;
    });
    const { served, processes } = await stats();
    // Each process has at least half of an equal share.
    for (const one of processes) expect(one.served).toBeGreaterThan(served / processes.length / 2);
    await until('each request and each call is in the history', async () => {
      const { nudgeCalls, history } = await stats();
      const sum = (value: 'served' | 'nudgeCalls'): number =>
        history.seconds.reduce((total, second) => total + second[value], 0);
      return sum('served') === served && sum('nudgeCalls') === nudgeCalls && nudgeCalls > 0;
    });

    const marks = async (): Promise<string[]> => (await stats()).history.marks.map(({ text }) => text);
    expect(await marks()).toEqual([]);
    await post('stop-redis');
    await until('the end of Redis is marked', async () => (await marks()).includes('Redis stopped'));
    await post('kill-process');
    // The connection of a question may end with the killed process.
    await until('the end of the process is marked', () =>
      marks().then(
        (texts) => texts.includes('process killed'),
        () => false,
      ),
    );

    await post('ask-500-at-once');
    await until('all 500 are served', async () => (await stats()).served === served + 500, WITHIN_MS);
  });

  it('leaves nothing behind when it is killed', async () => {
    example = start();
    const { url, redis } = await banner();
    example.kill('SIGKILL');
    await until('Redis is gone', () => isRefused(redis));
    await until('the processes are gone', () => isRefused(url));
  });

  it('says how to install Redis if there is none', async () => {
    example = start('/nowhere');
    let errors = '';
    example.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
    const [code] = (await once(example, 'close')) as [number];
    expect(code).toBe(1);
    expect(errors).toContain('sudo apt-get install redis-server');
  });
});
