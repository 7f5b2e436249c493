import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cluster } from 'ioredis';
import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { NudgeAuthModule } from '../../../src/module/nudge-auth.module.js';
import { NudgeTokenService } from '../../../src/service/nudge-token.service.js';
import { RedisTokenStore } from '../../../src/redis/index.js';
import type { PodCommand, PodConfig, PodReport, Tally } from './pod-protocol.js';

/*
 * One process of a fleet: an application with only the module. Its parent process sends it commands.
 */

const report = (message: PodReport): void => void process.send?.(message);
/** Reports the log lines of the module, but not those of Nest. */
const reportLine = (line: unknown, ...rest: unknown[]): void => {
  if (rest.at(-1) === 'NudgeAuthModule') report({ type: 'log', line: String(line) });
};
const logger = { log: reportLine, warn: reportLine, error: reportLine };

function newTally(): Tally {
  return { served: 0, failures: {}, slowestMs: 0, tokens: [] };
}

class BrokenAgent extends Agent {
  override createConnection(): Socket {
    return connect(1, '127.0.0.1');
  }
}

function storeFor({ redis, encryptionKeys, timeoutMs = 300 }: PodConfig): RedisTokenStore {
  // The default timeout is long, because the test machine is busy and the speed of Redis is not under test.
  const common = { encryptionKeys, timeoutMs };
  if ('url' in redis) return new RedisTokenStore({ ...common, url: redis.url });
  const client = new Cluster([...redis.nodes], {
    clusterRetryStrategy: () => 100,
    redisOptions: { connectTimeout: 1_000 },
  });
  client.on('error', () => undefined);
  return new RedisTokenStore({ ...common, client });
}

class Pod {
  readonly #app;
  readonly #tokens: NudgeTokenService;
  #tally = newTally();
  #load: NodeJS.Timeout | undefined;

  constructor(app: { get(type: typeof NudgeTokenService): NudgeTokenService; close(): Promise<void> }) {
    this.#app = app;
    this.#tokens = app.get(NudgeTokenService);
  }

  static async start(config: PodConfig): Promise<Pod> {
    @Module({
      imports: [
        NudgeAuthModule.forRoot({
          apiKey: config.apiKey,
          baseUrl: config.baseUrl,
          cache: { rotateAfterMs: config.rotateAfterMs },
          http: {
            timeoutMs: 6_000,
            maxRetries: 0,
            ...(config.cannotReachNudge === true ? { httpAgent: new BrokenAgent() } : {}),
          },
          store: storeFor(config),
          endpoint: false,
        }),
      ],
    })
    class PodModule {}
    return new Pod(await NestFactory.createApplicationContext(PodModule, { logger }));
  }

  async ask(callers: number, forceRefresh = false): Promise<Tally> {
    const tally = newTally();
    await Promise.all(Array.from({ length: callers }, () => this.#ask(tally, forceRefresh)));
    return tally;
  }

  load(everyMs: number, callers: number): void {
    this.#tally = newTally();
    this.#load = setInterval(() => {
      for (let caller = 0; caller < callers; caller += 1) void this.#ask(this.#tally, false);
    }, everyMs);
  }

  tally(): Tally {
    const tally = this.#tally;
    this.#tally = newTally();
    return tally;
  }

  status(): unknown {
    return this.#tokens.status();
  }

  async token(): Promise<string> {
    return (await this.#tokens.getToken()).token;
  }

  async close(): Promise<void> {
    clearInterval(this.#load);
    await this.#app.close();
  }

  async #ask(tally: Tally, forceRefresh: boolean): Promise<void> {
    const startedAtMs = performance.now();
    try {
      const { token } = await this.#tokens.getToken({ forceRefresh });
      tally.served += 1;
      const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 8);
      if (!tally.tokens.includes(fingerprint)) tally.tokens.push(fingerprint);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      tally.failures[code] = (tally.failures[code] ?? 0) + 1;
    }
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAtMs);
  }
}

let pod: Pod | undefined;

async function run(command: PodCommand): Promise<unknown> {
  if (command.do === 'go') {
    pod = await Pod.start(command.config);
    return command.config.callersAtOnce === undefined ? undefined : pod.ask(command.config.callersAtOnce);
  }
  if (pod === undefined) throw new Error('The pod has not been started');
  switch (command.do) {
    case 'ask':
      return pod.ask(command.callers, command.forceRefresh);
    case 'load':
      return pod.load(command.everyMs, command.callers);
    case 'tally':
      return pod.tally();
    case 'status':
      return pod.status();
    case 'token':
      return pod.token();
    case 'close':
      return pod.close();
  }
}

async function answer(id: number, command: PodCommand): Promise<void> {
  report({ type: 'answer', id, value: await run(command) });
  if (command.do === 'close') process.disconnect();
}

subscribe('http.client.request.start', () => report({ type: 'calling' }));
process.on('disconnect', () => process.exit());
process.on('message', ({ id, command }: { id: number; command: PodCommand }) => {
  void answer(id, command);
});
report({ type: 'answer', id: 0, value: undefined });
