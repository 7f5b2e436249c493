import type { Cluster, Redis } from 'ioredis';
import type { Clock, Random } from '../common/clock.js';
import { OwnClient, subscriberLike } from './own-client.js';

/** Many of our messages fit into this. A longer message comes from another sender and must not fill the memory. */
const LONGEST_MESSAGE_BYTES = 256 * 1024;

/**
 * Wakes the followers of an entry as soon as Redis announces a change. Redis may lose messages, so every wait also has a
 * time limit.
 */
export class ChangeFeed {
  readonly #client: Redis | Cluster;
  readonly #channel: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting = new Map<string, Set<() => void>>();
  #isClosed = false;
  #endSubscription: () => void = () => undefined;

  constructor(client: Redis | Cluster, channel: string, clock: Clock, random: Random) {
    this.#client = client;
    this.#channel = channel;
    this.#clock = clock;
    this.#random = random;
  }

  /** Subscribes once for the life of the store: a wait is too short to subscribe for it. */
  open(): void {
    if (this.#isClosed) return;
    const subscriber = 'nodes' in this.#client ? this.#subscribeTo(this.#client) : this.#follow(this.#client);
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel: string, name: string) => this.announce(name));
  }

  /** Calls the listener whenever the name is announced. */
  listen(name: string, listener: () => void): void {
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(listener));
  }

  /** Calls the listeners of the name in this process. */
  announce(name: string): void {
    for (const end of this.#waiting.get(name) ?? []) end();
  }

  /** Resolves when one of the names is announced, or after `timeoutMs`. */
  untilChanged(names: readonly string[], timeoutMs: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        for (const name of names) this.#forget(name, end);
        resolve();
      };
      const cancel = this.#clock.schedule(timeoutMs, end, { background: true });
      for (const name of names) this.listen(name, end);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const name of this.#waiting.keys()) this.announce(name);
    this.#endSubscription();
  }

  #subscribeTo(cluster: Cluster): Cluster {
    // `subscribe` is the one command that may wait for a connection. ioredis repeats it when another node takes over.
    const subscriber = cluster.duplicate([], { enableOfflineQueue: true, lazyConnect: false });
    subscriber.subscribe(this.#channel).catch(() => undefined);
    this.#endSubscription = () => subscriber.disconnect();
    return subscriber;
  }

  #follow(client: Redis): Redis {
    const own = new OwnClient(subscriberLike(client), this.#clock, this.#random);
    const { redis } = own;
    let unreadBytes = 0;
    redis.on('connect', () => {
      const { stream } = redis;
      unreadBytes = 0;
      stream.on('data', (chunk: Buffer) => {
        unreadBytes += chunk.length;
        if (unreadBytes > LONGEST_MESSAGE_BYTES) stream.destroy();
      });
    });
    redis.on('message', () => {
      unreadBytes = 0;
    });
    redis.on('ready', () => void redis.subscribe(this.#channel).catch(() => undefined));
    this.#endSubscription = () => own.close();
    own.open();
    return redis;
  }

  #forget(name: string, end: () => void): void {
    const waiting = this.#waiting.get(name);
    waiting?.delete(end);
    if (waiting?.size === 0) this.#waiting.delete(name);
  }
}
