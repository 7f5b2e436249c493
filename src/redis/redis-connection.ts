import { Redis, type Cluster } from 'ioredis';
import type { Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { RedisClock } from './redis-clock.js';
import type { ResolvedRedisTokenStoreOptions } from './redis-token-store.options.js';
import type { Script } from './scripts.js';
import { CommandTimeout, within } from './within.js';

/** A process that starts waits so long for its first connection. */
const FIRST_CONNECTION_MS = 2 * SECOND_MS;
/** As long as a starting process waits it tries often, so as not to sleep through the moment. */
const EAGER_RECONNECTS = 20;
const EAGER_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 2 * SECOND_MS;
/** A connection that has swallowed everything for so long is dead, whatever the socket says. */
const SILENCE_MS = 2 * SECOND_MS;
/** Scripts can be repeated; together the attempts last as long as one caller may wait for the store. */
const ATTEMPTS = 3;

/** An answer of a script, without the time that stood before it. */
export type ScriptAnswer = readonly (string | number)[];

type ScriptArgument = string | number;

/** Between attempts to connect again: more each time, and never all processes together. */
export function reconnectDelayMs(attempts: number, random: Random): number {
  const doublings = Math.min(10, Math.max(0, attempts - EAGER_RECONNECTS));
  const ceilingMs = Math.min(LONGEST_RECONNECT_MS, EAGER_RECONNECT_MS * 2 ** doublings);
  return Math.ceil(ceilingMs * (0.5 + random() / 2));
}

/** The client, with a timeout on every command and nothing queued while there is no connection. */
export class RedisConnection {
  readonly client: Redis | Cluster;
  /** What the client itself puts before every name. */
  readonly clientPrefix: string;
  readonly #isOwn: boolean;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #redisClock = new RedisClock();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #first: Promise<void>;
  #silentSinceMs: number | undefined;
  #isClosed = false;

  constructor({ connection, timeoutMs }: ResolvedRedisTokenStoreOptions, clock: Clock, random: Random) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#isOwn = 'url' in connection;
    this.client = 'url' in connection ? connect(connection.url, random) : connection.client;
    this.clientPrefix = this.client.options.keyPrefix ?? '';
    if (this.client.status === 'wait') this.client.connect().catch(() => undefined);
    this.#first = this.#firstConnection();
  }

  /** Resolves with the first connection, after 2 s at the latest. */
  whenReady(): Promise<void> {
    return this.#first;
  }

  /**
   * What a script answers.
   *
   * @throws when there is no connection, no answer in time, or an error; nothing of it may be shown to anybody.
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[] = [],
  ): Promise<ScriptAnswer> {
    const endsAtMs = this.#nowMs() + ATTEMPTS * this.#timeoutMs;
    for (;;) {
      const answer = await this.#attempt(script, keys, args).catch((error: unknown) => {
        if (error instanceof CommandTimeout && this.#nowMs() < endsAtMs) return undefined;
        throw error;
      });
      if (answer !== undefined) return answer;
      if (this.#nowMs() >= endsAtMs) throw new CommandTimeout();
    }
  }

  /** A command of a library, under the same rules. */
  async command<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed || this.client.status !== 'ready') throw new Error('There is no connection to Redis');
    return this.#tracked(within(this.#clock, this.#timeoutMs, work()));
  }

  /** Ends what was opened here, after what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    if (this.#isOwn) this.client.disconnect();
  }

  /** `undefined` when it came too late for its deadline: by the answer the next one is reckoned better. */
  async #attempt(
    { sha, lua }: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<ScriptAnswer | undefined> {
    const sentAtMs = this.#nowMs();
    const deadlineUs = this.#redisClock.deadlineUs(sentAtMs, this.#timeoutMs);
    const all = [...keys, deadlineUs, ...args];
    try {
      const answer = await this.command(async () => {
        try {
          return await this.client.evalsha(sha, keys.length, ...all);
        } catch (error) {
          if (!isUnknownScript(error)) throw error;
          return await this.client.eval(lua, keys.length, ...all);
        }
      });
      this.#silentSinceMs = undefined;
      if (!isScriptAnswer(answer)) throw new TypeError('Redis answered something else than the script says');
      const [verdict, redisUs, ...rest] = answer;
      this.#redisClock.learn(sentAtMs, this.#nowMs(), Number(redisUs));
      return verdict === 'ok' ? [Number(redisUs), ...rest] : undefined;
    } catch (error) {
      if (error instanceof CommandTimeout) this.#heardNothing(sentAtMs);
      throw error;
    }
  }

  #heardNothing(sinceMs: number): void {
    this.#silentSinceMs ??= sinceMs;
    if (!this.#isOwn || this.#nowMs() - this.#silentSinceMs < SILENCE_MS) return;
    this.#silentSinceMs = undefined;
    this.client.disconnect(true);
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    try {
      return await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  #firstConnection(): Promise<void> {
    if (this.client.status === 'ready') return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.client.off('ready', done);
        resolve();
      };
      const cancel = this.#clock.schedule(FIRST_CONNECTION_MS, done, { background: true });
      this.client.once('ready', done);
    });
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }
}

function connect(url: string, random: Random): Redis {
  const client = new Redis(url, {
    connectionName: 'nestjs-nudge-auth',
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: FIRST_CONNECTION_MS,
    retryStrategy: (attempts) => reconnectDelayMs(attempts, random),
    // A replica behind the address that was the master's: the next connection may find the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  // Every failure shows where a command is sent; without a listener each would be printed, with the address.
  client.on('error', () => undefined);
  return client;
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function isScriptAnswer(answer: unknown): answer is (string | number)[] {
  return (
    Array.isArray(answer) &&
    (answer[0] === 'ok' || answer[0] === 'late') &&
    answer.every((part) => typeof part === 'string' || typeof part === 'number')
  );
}
