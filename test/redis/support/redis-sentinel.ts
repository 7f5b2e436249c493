import { Redis, type RedisOptions } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, REDIS_SERVER, RedisServer } from './redis-server.js';
import { until } from './until.js';

const NAME = 'fleet';
const DOWN_AFTER_MS = 500;
const FAILOVER_TIMEOUT_MS = 1_000;

/** A master, a replica, and a sentinel that promotes the replica when the master dies. */
export class RedisSentinel {
  readonly #master: RedisServer;
  readonly #replica: RedisServer;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nudge-auth-sentinel-'));
  readonly #clients: Redis[] = [];
  readonly #process: ChildProcess;

  private constructor(master: RedisServer, replica: RedisServer, port: number) {
    this.#master = master;
    this.#replica = replica;
    this.#port = port;
    const config = join(this.#folder, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${this.#folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
    ];
    writeFileSync(config, lines.join('\n'));
    this.#process = spawn(REDIS_SERVER, [config, '--sentinel'], { stdio: 'ignore' });
  }

  static async start(): Promise<RedisSentinel> {
    const master = await RedisServer.start();
    const replica = await RedisServer.start('--replicaof', '127.0.0.1', `${master.port}`);
    const sentinel = new RedisSentinel(master, replica, await freePort());
    const admin = new Redis(sentinel.#port, { maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
    sentinel.#clients.push(admin);
    await until('the sentinel knows a replica that follows', async () =>
      JSON.stringify(await admin.call('SENTINEL', 'REPLICAS', NAME)).includes('"master-link-status","ok"'),
    );
    return sentinel;
  }

  /** Clients for the test, one for each server. */
  get admins(): Redis[] {
    return [this.#master, this.#replica].map((server) => server.client());
  }

  /** A client like the host's own: it finds the current master through the sentinel. */
  client(options: RedisOptions = {}): Redis {
    const sentinels = [{ host: '127.0.0.1', port: this.#port }];
    const client = new Redis({ ...options, sentinels, name: NAME, retryStrategy: () => 100 });
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  /** Kills the master, and resolves when the replica is the master. */
  async failOver(): Promise<void> {
    const admin = this.#replica.client();
    await this.#master.kill();
    await until(
      'the replica is the master',
      async () => (await admin.info('replication')).includes('role:master'),
      60_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await ended;
    await Promise.all([this.#master, this.#replica].map((server) => server[Symbol.asyncDispose]()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
