import { systemClock, type Clock } from '../common/clock.js';
import type {
  SharedCallLimits,
  StoredToken,
  TokenLease,
  TokenStore,
  TokenStoreUser,
} from '../store/token-store.js';
import { ChangeFeed } from './change-feed.js';
import { channelOf } from './entry-names.js';
import { ApiKeyring, givenKeys, type KeyringSource } from './keyring-source.js';
import { RedisConnection } from './redis-connection.js';
import { RedisCallLimits } from './redis-call-limits.js';
import { RedisEntries } from './redis-entries.js';
import { RedisGenerations } from './redis-generations.js';
import {
  keysForTenants,
  resolveRedisTokenStoreOptions,
  type RedisTokenStoreOptions,
} from './redis-token-store.options.js';

/**
 * A `TokenStore` in Redis or Valkey, 6.2 or later: a fleet that shares it calls Nudge as often as one process would. The
 * store encrypts its records and replaces users' ids by HMACs. Everything that it writes to Redis expires. When Redis
 * fails, callers still get their tokens: each process then fetches its own.
 *
 * @example
 * NudgeAuthModule.forRoot({ apiKey, store: new RedisTokenStore({ url: 'redis://127.0.0.1:6379' }) })
 *
 * @example
 * const client = new Cluster([{ host: 'redis-0.internal', port: 6379 }]);
 * NudgeAuthModule.forRoot({ apiKey, store: new RedisTokenStore({ client }) })
 *
 * @publicApi
 */
export class RedisTokenStore implements TokenStore {
  readonly #entries: RedisEntries;
  readonly #entriesOf: (user: Partial<TokenStoreUser>, keys: KeyringSource) => RedisEntries;
  readonly #ownKeys: KeyringSource | undefined;
  readonly #clock: Clock;
  readonly #generations: RedisGenerations[] = [];
  #closed: Promise<void> | undefined;

  /**
   * @param clock a test's clock. Default: the clock of the machine.
   * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
   */
  constructor(options: RedisTokenStoreOptions, clock: Clock = systemClock) {
    const resolved = resolveRedisTokenStoreOptions(options);
    const { keyPrefix, encryptionKeys = [] } = resolved;
    const connection = new RedisConnection(resolved, clock, Math.random);
    const channel = channelOf(connection.clientPrefix + keyPrefix);
    const feed = new ChangeFeed(connection.client, channel, clock, Math.random);
    connection.onOpen = () => feed.open();
    const callLimitsOf = (origin: string): SharedCallLimits =>
      new RedisCallLimits(connection, keyPrefix, origin);
    const shared = { connection, feed, callLimitsOf, keyPrefix, clock };
    const close = (): Promise<void> => {
      for (const generations of this.#generations) generations.close();
      feed.close();
      this.#closed ??= connection.close();
      return this.#closed;
    };
    this.#clock = clock;
    this.#entriesOf = (user, keys) => {
      const generations = new RedisGenerations({ ...shared, keys, user });
      this.#generations.push(generations);
      return new RedisEntries({ ...shared, keys, generations, close });
    };
    const given = givenKeys(encryptionKeys);
    this.#ownKeys = encryptionKeys.length > 0 ? given : undefined;
    this.#entries = this.#entriesOf({}, given);
  }

  /**
   * Returns the store with the keys of one registration. With `encryptionKeys` all registrations share those.
   *
   * @throws {InvalidNudgeAuthOptionsError} if the registration has tenants and there are no `encryptionKeys`.
   */
  bind(user: TokenStoreUser): TokenStore {
    if (user.hasTenants === true && this.#ownKeys === undefined) throw keysForTenants();
    return this.#entriesOf(user, this.#ownKeys ?? new ApiKeyring(user, this.#clock));
  }

  forTenant(tenant: string): TokenStore {
    return this.#entries.forTenant(tenant);
  }

  callLimitsOf(origin: string): SharedCallLimits {
    return this.#entries.callLimitsOf(origin);
  }

  whenReady(): Promise<void> {
    return this.#entries.whenReady();
  }

  read(entry: string): Promise<StoredToken | undefined> {
    return this.#entries.read(entry);
  }

  acquire(entry: string): Promise<TokenLease | undefined> {
    return this.#entries.acquire(entry);
  }

  invalidate(entry: string): Promise<void> {
    return this.#entries.invalidate(entry);
  }

  invalidateAll(): Promise<void> {
    return this.#entries.invalidateAll();
  }

  untilChanged(entry: string, timeoutMs: number): Promise<void> {
    return this.#entries.untilChanged(entry, timeoutMs);
  }

  /** Closes the connections that the store has opened. A client that the host has given stays open. */
  close(): Promise<void> {
    return this.#entries.close();
  }
}
