import type { Cluster, Redis } from 'ioredis';
import type { Clock, Random } from '../common/clock.js';
import { OwnClient, subscriberLike } from './own-client.js';

/** Many messages fit into it. One that is longer is none of ours, and is not to be gathered in memory. */
const LONGEST_MESSAGE_BYTES = 256 * 1024;

/**
 * Tells those who wait that an entry has changed, as soon as Redis says so. Messages may get lost: whoever waits also
 * has a time at which to look.
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

  /** Subscribes, once and for all: a wait would be over before its subscription is. */
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

  /** Tells those in this process who wait for the name. */
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
    // The one command that may wait for a connection. It is remembered there, whichever node serves it.
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
