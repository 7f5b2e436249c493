import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Crowd } from './crowd.js';
import { History } from './history.js';
import type { Deed, PrimaryMessage, ProcessStats, Stats, WorkerMessage } from './messages.js';
import type { RedisProcess } from './redis-process.js';

export const PROCESSES = 4;
const TELL_EVERY_MS = 250;
const SECOND_MS = 1_000;
const HOST = '127.0.0.1';
const BURST = 500;

/** Demo only: the processes of the app, the crowd that asks them, and the state of both that the page shows. */
export class Fleet {
  readonly #processes = new Map<number, ProcessStats>();
  readonly #history = new History();
  readonly #timers: NodeJS.Timeout[] = [];
  #crowd: Crowd | undefined;
  #isStopping = false;
  #redisBefore: Stats['redis'] | undefined;

  constructor(
    private readonly nudge: NudgeEmulator,
    private readonly redis: RedisProcess | undefined,
  ) {}

  /** Returns the URL; `undefined` if the processes could not listen. */
  async start(): Promise<string | undefined> {
    // The default everywhere but on Windows: each new connection goes to the next process.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.on('message', (_worker: Worker, message: WorkerMessage) => this.#hear(message));
    cluster.on('exit', (worker, code) => this.#replace(worker, code));
    for (let index = 0; index < PROCESSES; index += 1) cluster.fork();
    this.#timers.push(
      setInterval(() => this.#tell(), TELL_EVERY_MS),
      setInterval(() => this.#history.endSecond(this.#totals), SECOND_MS),
    );
    const [, { port }] = (await once(cluster, 'listening')) as [Worker, AddressInfo];
    if (this.#isStopping) return undefined;
    const url = `http://${HOST}:${port}`;
    this.#crowd = new Crowd(url);
    return url;
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#crowd?.stop();
    for (const timer of this.#timers) clearInterval(timer);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ended = workers.map((worker) => once(worker, 'exit'));
    for (const worker of workers) worker.process.kill('SIGTERM');
    await Promise.all(ended);
    await Promise.all([this.nudge.stop(), this.redis?.stop()]);
    process.exit();
  }

  get #totals(): { served: number; refused: number; nudgeCalls: number } {
    const { served = 0, refused = 0 } = this.#crowd ?? {};
    return { served, refused, nudgeCalls: this.nudge.counters.received };
  }

  get #redisState(): Stats['redis'] {
    if (this.redis === undefined) return 'not started here';
    return this.redis.isRunning ? 'running' : 'stopped';
  }

  #hear(message: WorkerMessage): void {
    if ('report' in message) this.#processes.set(message.report.pid, message.report);
    else void this.#do(message.deed);
  }

  async #do(deed: Deed): Promise<void> {
    switch (deed) {
      case 'start-asking':
        return this.#crowd?.start();
      case 'stop-asking':
        return this.#crowd?.stop();
      case 'ask-500-at-once':
        return this.#crowd?.ask(BURST);
      case 'stop-redis':
        return this.redis?.stop();
      case 'start-redis':
        return this.redis?.launch();
      case 'kill-process':
        Object.values(cluster.workers ?? {})[0]?.process.kill('SIGKILL');
    }
  }

  #replace(worker: Worker, code: number): void {
    this.#processes.delete(Number(worker.process.pid));
    if (this.#isStopping) return;
    // A process that cannot start is not replaced, because the next one could not start either.
    if (code === 1) {
      process.exitCode = 1;
      void this.stop();
      return;
    }
    this.#history.mark('process killed');
    cluster.fork();
  }

  #tell(): void {
    const redis = this.#redisState;
    if (redis !== (this.#redisBefore ?? redis)) {
      this.#history.mark(redis === 'running' ? 'Redis started' : 'Redis stopped');
    }
    this.#redisBefore = redis;
    const stats: Stats = {
      ...this.#totals,
      isAsking: this.#crowd?.isAsking === true,
      mostAtOnce: this.nudge.counters.maxConcurrent,
      redis,
      processes: [...this.#processes.values()],
      history: this.#history.recent,
    };
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker?.isConnected() === true) worker.send({ stats } satisfies PrimaryMessage, ignore);
    }
  }
}

/** A process may end while a message to it is under way. */
function ignore(): void {}
