import { Redis as RedisClient } from '#peers/ioredis';
import type { Redis } from 'ioredis';
import type { Cancel, Clock, Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { equalJitterMs } from '../common/backoff-delay.js';
import { FIRST_CONNECTION_MS } from '../store/token-store.js';

/** Tried twice in that time: whoever gives up then knows why. */
const CONNECT_MS = FIRST_CONNECTION_MS / 2;
/** As long as a starting process waits it tries often, so as not to sleep through the moment. */
const EAGER_RECONNECTS = 20;
const EAGER_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 2 * SECOND_MS;
/** So long a server that hangs may take to close its side; the process could not end before. */
const DISCONNECT_MS = 100;

/** Between attempts to connect again: more each time, and never all processes together. */
export function reconnectDelayMs(attempts: number, random: Random): number {
  const failures = Math.max(1, attempts - EAGER_RECONNECTS + 1);
  return Math.ceil(equalJitterMs(failures, EAGER_RECONNECT_MS, LONGEST_RECONNECT_MS, random));
}

/** ioredis waits on timers of its own, which would keep a process alive: here the wait is ours. */
const CONNECTED_BY_US = {
  lazyConnect: true,
  retryStrategy: () => null,
  disconnectTimeout: DISCONNECT_MS,
} as const;

/** A client for the commands. */
export function clientFor(url: string): Redis {
  return new RedisClient(url, {
    ...CONNECTED_BY_US,
    connectionName: 'nestjs-nudge-auth',
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    // A replica behind the address that was the master's: the next connection may find the new one. Redis 6.2 says it
    // somewhere in what it says of a script.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  });
}

/** A client for the subscription, which can do nothing else. It goes where the given one goes. */
export function subscriberLike(client: Redis): Redis {
  return client.duplicate({ ...CONNECTED_BY_US, enableOfflineQueue: true, autoResubscribe: false });
}

/**
 * A client that the store has made: it connects when it is opened, and again whenever its connection ends. It keeps no
 * process alive, so that a boot that fails, or a script that forgets to close, ends by itself.
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
    // Said by the event `error` as well, which the owner listens to.
    this.redis.connect().catch(() => undefined);
  }

  #connectLater(): void {
    if (!this.#isOpen) return;
    this.#attempts += 1;
    const delayMs = reconnectDelayMs(this.#attempts, this.#random);
    this.#cancel = this.#clock.schedule(delayMs, () => this.#connect(), { background: true });
  }
}
