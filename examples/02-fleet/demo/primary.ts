import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Deed, ProcessStats, PrimaryMessage, Stats, WorkerMessage } from './messages.js';
import { RedisProcess } from './redis-process.js';

const PROCESSES = 4;
const TELL_EVERY_MS = 250;
const LOOK_FOR_NPM_EVERY_MS = 500;
/** Only the emulator accepts this key. */
const API_KEY = 'fake-private-key-for-the-fleet';

/** Demo only: starts the emulator, Redis and the processes of the app. */
export async function runPrimary(): Promise<void> {
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const redis = process.env['REDIS_URL'] === undefined ? await startRedis(nudge) : undefined;
  const fleet = new Fleet(nudge, redis);
  // Your deployment would set these variables. Here the addresses are known only now.
  Object.assign(process.env, {
    NUDGE_API_KEY: API_KEY,
    NUDGE_BASE_URL: nudge.url,
    REDIS_URL: redis?.url ?? process.env['REDIS_URL'],
    APP_JWT_SECRET: randomBytes(32).toString('base64url'),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void fleet.stop());
  endWithNpm();
  const port = await fleet.start();
  if (port !== undefined) console.log(banner(port, nudge, redis));
}

async function startRedis(nudge: NudgeEmulator): Promise<RedisProcess> {
  try {
    return await RedisProcess.start();
  } catch (error) {
    await nudge.stop();
    throw error;
  }
}

class Fleet {
  readonly #served = new Map<number, ProcessStats>();
  #isStopping = false;
  #telling: NodeJS.Timeout | undefined;

  constructor(
    private readonly nudge: NudgeEmulator,
    private readonly redis: RedisProcess | undefined,
  ) {}

  /** Returns the port; `undefined` if the processes could not listen. */
  async start(): Promise<number | undefined> {
    cluster.on('message', (_worker: Worker, message: WorkerMessage) => this.#hear(message));
    cluster.on('exit', (worker, code) => this.#replace(worker, code));
    for (let index = 0; index < PROCESSES; index += 1) cluster.fork();
    this.#telling = setInterval(() => this.#tell(), TELL_EVERY_MS);
    const [, address] = (await once(cluster, 'listening')) as [Worker, AddressInfo];
    return this.#isStopping ? undefined : address.port;
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearInterval(this.#telling);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ended = workers.map((worker) => once(worker, 'exit'));
    for (const worker of workers) worker.process.kill('SIGTERM');
    await Promise.all(ended);
    await Promise.all([this.nudge.stop(), this.redis?.stop()]);
    process.exit();
  }

  #hear(message: WorkerMessage): void {
    if ('report' in message) this.#served.set(message.report.pid, message.report);
    else void this.#do(message.deed);
  }

  async #do(deed: Deed): Promise<void> {
    if (deed === 'stop-redis') await this.redis?.stop();
    else if (deed === 'start-redis') await this.redis?.launch();
    else Object.values(cluster.workers ?? {})[0]?.process.kill('SIGKILL');
  }

  #replace(worker: Worker, code: number): void {
    this.#served.delete(Number(worker.process.pid));
    if (this.#isStopping) return;
    // A process that cannot start is not replaced, because the next one could not start either.
    if (code === 1) {
      process.exitCode = 1;
      void this.stop();
    } else cluster.fork();
  }

  #tell(): void {
    const { received, maxConcurrent } = this.nudge.counters;
    const redis =
      this.redis === undefined ? 'not started here' : this.redis.isRunning ? 'running' : 'stopped';
    const processes = [...this.#served.values()];
    const stats: Stats = { nudgeCalls: received, mostAtOnce: maxConcurrent, redis, processes };
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker?.isConnected() === true) worker.send({ stats } satisfies PrimaryMessage, ignore);
    }
  }
}

/** A process may end while a message to it is under way. */
function ignore(): void {}

/**
 * A signal that is sent only to npm ends npm's shell but not this process, so this checks whether the shell still runs.
 */
function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_FOR_NPM_EVERY_MS);
  timer.unref();
}

function banner(port: number, nudge: NudgeEmulator, redis: RedisProcess | undefined): string {
  const url = `http://127.0.0.1:${port}`;
  return `
  nestjs-nudge-auth, a fleet of ${PROCESSES} processes

  Page       ${url}
  Endpoint   ${url}/nudge/token
  Emulator   ${nudge.url}   admin: ${nudge.adminUrl}
  Redis      ${redis?.url ?? 'the one of REDIS_URL'}

  Ctrl-C ends the example.
`;
}
