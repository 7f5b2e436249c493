import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../common/clock.js';
import { DISCONNECT_MS } from './redis-connection.js';

/**
 * Tells those who wait that an entry has changed, as soon as Redis says so. Messages may get lost: whoever waits also
 * has a time at which to look.
 */
export class ChangeFeed {
  readonly #clock: Clock;
  readonly #subscriber: Redis | Cluster;
  readonly #waiting = new Map<string, Set<() => void>>();
  #isClosed = false;

  constructor(client: Redis | Cluster, channel: string, clock: Clock) {
    this.#clock = clock;
    // A connection that subscribes can do nothing else. Subscribed once and for all: a wait would be over before it is.
    this.#subscriber = duplicateOf(client);
    this.#subscriber.on('error', () => undefined);
    this.#subscriber.on('message', (_channel: string, name: string) => this.#announce(name));
    this.#subscriber.subscribe(channel).catch(() => undefined);
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
      for (const name of names) {
        const waiting = this.#waiting.get(name) ?? new Set();
        this.#waiting.set(name, waiting.add(end));
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const name of this.#waiting.keys()) this.#announce(name);
    this.#subscriber.disconnect();
  }

  #announce(name: string): void {
    for (const end of this.#waiting.get(name) ?? []) end();
  }

  #forget(name: string, end: () => void): void {
    const waiting = this.#waiting.get(name);
    waiting?.delete(end);
    if (waiting?.size === 0) this.#waiting.delete(name);
  }
}

function duplicateOf(client: Redis | Cluster): Redis | Cluster {
  // The one command that may wait for a connection: the subscription.
  if ('nodes' in client) return client.duplicate([], { enableOfflineQueue: true, lazyConnect: false });
  return client.duplicate({
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    lazyConnect: false,
    autoResubscribe: true,
    disconnectTimeout: DISCONNECT_MS,
  });
}
