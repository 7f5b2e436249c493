import type { Cluster, Redis } from 'ioredis';
import type { Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { failureReasonOf } from '../common/error-kind.js';
import { inOwnContext } from '../common/own-context.js';
import { arrivedWithin, NoAnswer } from '../common/deadline.js';
import { FIRST_CONNECTION_MS } from '../store/token-store.js';
import { clientFor, OwnClient } from './own-client.js';
import { RedisClock } from './redis-clock.js';
import type { ResolvedRedisTokenStoreOptions } from './redis-token-store.options.js';
import type { Script } from './scripts.js';

/** A connection without any answer for this time is dead, also if its socket is still open. */
const SILENCE_MS = 2 * SECOND_MS;
/** Every script can run twice without harm. All attempts together take the time that one caller may wait for the store. */
const ATTEMPTS = 3;

type ScriptArgument = string | number;

/** An answer of a script: the time of Redis in microseconds, then the results of the script. */
type ScriptAnswer = readonly [number, ...ScriptArgument[]];

class NoConnection extends Error {
  override readonly name = 'NoConnection';
  /** The reason in one word, if it is known. */
  readonly code: string;

  constructor(code = 'ENOTCONN') {
    super('There is no connection to Redis');
    this.code = code;
  }
}

/** The answer is not one that our script can give: the server is not Redis, or something changes the answers. */
class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
  readonly code = 'EPROTO';

  constructor() {
    super('Redis gave an answer that the script cannot give');
  }
}

/**
 * A number in an answer. With some settings a client returns numbers as text.
 *
 * @throws {WrongAnswer} if the part is not a number.
 */
export function numberIn(part: ScriptArgument | undefined): number {
  const number = part === undefined || part === '' ? Number.NaN : Number(part);
  if (!Number.isFinite(number)) throw new WrongAnswer();
  return number;
}

/**
 * The client, with a timeout on every command. Without a connection a command fails at once instead of waiting in a queue.
 * It connects at the first use: if the boot fails before, it opens no connection.
 */
export class RedisConnection {
  readonly client: Redis | Cluster;
  /** The prefix that the client itself puts before every name. */
  readonly clientPrefix: string;
  readonly #own: OwnClient | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #redisClock = new RedisClock();
  readonly #pending = new Set<Promise<unknown>>();
  #first: Promise<void> | undefined;
  #isOpen = false;
  #silentSinceMs: number | undefined;
  /** Why the client that the store has created has no connection. */
  #lastReason: string | undefined;
  #isClosed = false;
  /** Runs at the first use. */
  onOpen: () => void = () => undefined;

  constructor({ connection, timeoutMs }: ResolvedRedisTokenStoreOptions, clock: Clock, random: Random) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    if ('url' in connection) {
      this.#own = new OwnClient(clientFor(connection.url), clock, random);
      this.client = this.#own.redis;
      this.#listen();
    } else this.client = connection.client;
    this.clientPrefix = this.client.options.keyPrefix ?? '';
  }

  /** Resolves with the first connection, after 2 s at the latest. */
  whenReady(): Promise<void> {
    this.#open();
    this.#first ??= this.#firstConnection();
    return this.#first;
  }

  /**
   * Runs a script and returns its answer.
   *
   * @throws if there is no connection, no answer in time, or an error of Redis. The error may hold a secret: do not log it.
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[] = [],
  ): Promise<ScriptAnswer> {
    const endsAtMs = this.#nowMs() + ATTEMPTS * this.#timeoutMs;
    for (;;) {
      const answer = await this.#attempt(script, keys, args).catch((error: unknown) => {
        if (error instanceof NoAnswer && this.#nowMs() < endsAtMs) return undefined;
        throw error;
      });
      if (answer !== undefined) return answer;
      if (this.#nowMs() >= endsAtMs) throw new NoAnswer();
    }
  }

  /** Waits for the commands under way, then closes the client that the store has created. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    this.#own?.close();
  }

  /** Returns `undefined` if the script ran after its deadline. The answer corrects the clock for the next attempt. */
  async #attempt(
    { sha, lua }: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<ScriptAnswer | undefined> {
    const sentAtMs = this.#nowMs();
    const deadlineUs = this.#redisClock.deadlineUs(sentAtMs, this.#timeoutMs);
    const all = [...keys, deadlineUs, ...args];
    try {
      const answer = await this.#within(async () => {
        try {
          return await this.client.evalsha(sha, keys.length, ...all);
        } catch (error) {
          if (!isUnknownScript(error)) throw error;
          return await this.client.eval(lua, keys.length, ...all);
        }
      });
      this.#silentSinceMs = undefined;
      if (!isScriptAnswer(answer)) throw new WrongAnswer();
      const [status, time, ...rest] = answer;
      const redisUs = numberIn(time);
      this.#redisClock.learn(sentAtMs, this.#nowMs(), redisUs);
      return status === 'ok' ? [redisUs, ...rest] : undefined;
    } catch (error) {
      if (error instanceof NoAnswer) this.#heardNothing(sentAtMs);
      throw error;
    }
  }

  /** Listens to errors: without a listener ioredis would print each with the address. A failed command shows them anyway. */
  #listen(): void {
    this.client.on('error', (error: unknown) => {
      this.#lastReason = failureReasonOf(error);
    });
    this.client.on('ready', () => {
      this.#lastReason = undefined;
    });
  }

  #heardNothing(sinceMs: number): void {
    this.#silentSinceMs ??= sinceMs;
    if (this.#own === undefined || this.#nowMs() - this.#silentSinceMs < SILENCE_MS) return;
    this.#silentSinceMs = undefined;
    this.client.disconnect(true);
  }

  #open(): void {
    if (this.#isOpen || this.#isClosed) return;
    this.#isOpen = true;
    inOwnContext(() => {
      if (this.#own !== undefined) this.#own.open();
      else if (this.client.status === 'wait') this.client.connect().catch(() => undefined);
      this.onOpen();
    });
  }

  async #within<T>(send: () => Promise<T>): Promise<T> {
    this.#open();
    if (this.#isClosed || this.client.status !== 'ready') throw new NoConnection(this.#lastReason);
    const work = arrivedWithin(this.#clock, this.#timeoutMs, send());
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
      const cancel = this.#clock.schedule(FIRST_CONNECTION_MS, done);
      this.client.once('ready', done);
    });
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function isScriptAnswer(answer: unknown): answer is ScriptArgument[] {
  return (
    Array.isArray(answer) &&
    (answer[0] === 'ok' || answer[0] === 'late') &&
    answer.every((part) => typeof part === 'string' || typeof part === 'number')
  );
}
