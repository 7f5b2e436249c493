import { afterEach, expect, it } from '@jest/globals';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describeRedis } from '../redis/support/describe-redis.js';
import { until } from '../redis/support/until.js';
import { describeWithProgram } from '../support/optional-program.js';

const MAIN = fileURLToPath(new URL('../../examples/03-observed/dist/03-observed/main.js', import.meta.url));
/** Long enough for a busy machine. */
const WITHIN_MS = 40_000;

interface State {
  readonly values: readonly { readonly title: string; readonly of: string; readonly value: number }[];
  readonly alerts: readonly { readonly name: string; readonly state: string }[];
}

interface Health {
  readonly status: string;
  readonly details: { readonly nudge?: { readonly status: string; readonly store: string } };
}

describeWithProgram(
  'the observed example',
  { names: ['prometheus'], install: 'apt-get install prometheus' },
  () =>
    describeRedis('with Redis', () => {
      let example: ChildProcessByStdio<null, Readable, null> | undefined;

      afterEach(() => {
        example?.kill('SIGKILL');
        example?.stdout.destroy();
      });

      async function start(): Promise<string> {
        // One minute of the alert rules lasts one second.
        const env = { ...process.env, PORT: '0', NODE_OPTIONS: '', SECONDS_PER_MINUTE: '1' };
        example = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'ignore'] });
        let page: string | undefined;
        for await (const line of createInterface(example.stdout)) {
          page = /Page +(http:\S+)/.exec(line)?.[1] ?? page;
          if (page === undefined || !line.includes('Ctrl-C')) continue;
          example.stdout.resume();
          return page;
        }
        throw new Error(
          'The example ended before its page was served. Build it: npm run build && npm run build:observed',
        );
      }

      it('shows metrics and health, and an alert that comes and goes with Redis', async () => {
        const page = await start();
        const get = async <T>(path: string): Promise<T> => (await fetch(page + path)).json() as Promise<T>;
        const post = (path: string): Promise<Response> => fetch(page + path, { method: 'POST' });
        const storeAlert = async (): Promise<string | undefined> =>
          (await get<State>('/demo/state')).alerts.find(({ name }) => name === 'NudgeAuthStoreLost')?.state;

        for (const file of ['/', '/app.js', '/style.css'])
          expect((await fetch(page + file)).status).toBe(200);
        await until(
          'tokens are served from memory',
          async () =>
            (await get<State>('/demo/state')).values.some(({ of, value }) => of === 'held' && value > 0),
          WITHIN_MS,
        );
        expect(await (await fetch(`${page}/metrics`)).text()).toContain('nudge_auth_token_requests_total{');
        const goodHealth = { status: 'ok', details: { nudge: { status: 'up', store: 'available' } } };
        expect(await get<Health>('/health/ready')).toMatchObject(goodHealth);

        await post('/demo/redis/stop');
        await until('the alert fires', async () => (await storeAlert()) === 'firing', WITHIN_MS);
        expect(await get<Health>('/health/ready')).toMatchObject({ details: { nudge: { store: 'lost' } } });
        expect(await get<Health>('/health/live')).toMatchObject({ status: 'ok' });

        await post('/demo/redis/start');
        await until('the alert ends', async () => (await storeAlert()) === undefined, WITHIN_MS);

        const ended = once(example ?? process, 'exit');
        example?.kill('SIGINT');
        expect(await ended).toEqual([0, null]);
      });
    }),
);
