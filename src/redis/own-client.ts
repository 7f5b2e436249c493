import { Redis as RedisClient } from '#peers/ioredis';
import type { Redis } from 'ioredis';
import type { Cancel, Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { equalJitterMs } from '../common/backoff-delay.js';
import { FIRST_CONNECTION_MS } from '../store/token-store.js';

/** Two attempts fit into the time that a starting process waits, so that it then knows why it has no connection. */
const CONNECT_MS = FIRST_CONNECTION_MS / 2;
/** While a starting process waits it tries often, so that it connects as soon as Redis is there. */
const EAGER_RECONNECTS = 20;
const EAGER_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 2 * SECOND_MS;
/** The time that a hanging server gets to close its side. The process cannot end before. */
const DISCONNECT_MS = 100;

/** The delay before the next attempt to connect: longer each time, and random so that processes do not come together. */
export function reconnectDelayMs(attempts: number, random: Random): number {
  const failures = Math.max(1, attempts - EAGER_RECONNECTS + 1);
  return Math.ceil(equalJitterMs(failures, EAGER_RECONNECT_MS, LONGEST_RECONNECT_MS, random));
}

/** ioredis does not reconnect by itself, because its timers would keep a process alive. `OwnClient` reconnects. */
const CONNECTED_BY_US = {
  lazyConnect: true,
  retryStrategy: () => null,
  disconnectTimeout: DISCONNECT_MS,
} as const;

/** Creates a client for commands. */
export function clientFor(url: string): Redis {
  return new RedisClient(url, {
    ...CONNECTED_BY_US,
    connectionName: 'nestjs-nudge-auth',
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    // The server has become a replica: the next connection may reach the new master. Redis 6.2 has the word READONLY in the
    // middle of the message when a script fails.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  });
}

/** Creates a client for a subscription, to the same server as the given one. A subscribed client runs no other command. */
export function subscriberLike(client: Redis): Redis {
  return client.duplicate({ ...CONNECTED_BY_US, enableOfflineQueue: true, autoResubscribe: false });
}

/**
 * A client that the store has created. It connects when it is opened, and again whenever its connection ends. It does not
 * keep the process alive, so a process whose boot has failed, or that forgets to close the store, still ends.
 */
export class OwnClient {
  readonly redis: Redis;
  readonly #clock: Clock;
  readonly #random: Random;
  #isOpen = false;
  #attempts = 0;
  #cancel: Cancel = () => undefined;

  constructor(redis: Redis, clock: Clock, random: Random) {
    this.redis = redis;
    this.#clock = clock;
    this.#random = random;
    redis.on('connect', () => redis.stream.unref());
    redis.on('ready', () => {
      this.#attempts = 0;
    });
    redis.on('end', () => this.#connectLater());
  }

  open(): void {
    this.#isOpen = true;
    this.#connect();
  }

  close(): void {
    this.#isOpen = false;
    this.#cancel();
    this.redis.disconnect();
  }

  #connect(): void {
    // The event `error` reports the failure as well, and the owner of the client listens to it.
    this.redis.connect().catch(() => undefined);
  }

  #connectLater(): void {
    if (!this.#isOpen) return;
    this.#attempts += 1;
    const delayMs = reconnectDelayMs(this.#attempts, this.#random);
    this.#cancel = this.#clock.schedule(delayMs, () => this.#connect(), { background: true });
  }
}
