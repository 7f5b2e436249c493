import { randomBytes } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import type {
  SharedCallLimits,
  StoredToken,
  TokenLease,
  TokenRecord,
  TokenStore,
} from '../store/token-store.js';
import type { ChangeFeed } from './change-feed.js';
import { namesOf, type EntryNames } from './entry-names.js';
import { keyIdOf, type DatedRecord, type Keyring, type StoreKey } from './keyring.js';
import { TenantKeyring, type KeyringSource } from './keyring-source.js';
import { ORDER_MS, passedMs } from './redis-clock.js';
import type { RedisGenerations } from './redis-generations.js';
import { numberIn, type RedisConnection } from './redis-connection.js';
import { LEASE_MS, RedisLease } from './redis-lease.js';
import { ACQUIRE, INVALIDATE, READ, WRITE } from './scripts.js';

const OWNER_BYTES = 12;

interface RedisEntriesParts {
  readonly connection: RedisConnection;
  readonly feed: ChangeFeed;
  readonly callLimitsOf: (origin: string) => SharedCallLimits;
  readonly keys: KeyringSource;
  /** The tenant whose entries these are, if the registration has tenants. */
  readonly tenant?: string;
  readonly generations: RedisGenerations;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly close: () => Promise<void>;
}

/** The place for which a record is sealed: its full name and its fence. At another place, or with another fence, it is a miss. */
function placeOf(clientPrefix: string, { token }: EntryNames, fence: number): string {
  return `${clientPrefix}${token} ${fence}`;
}

/** The store for one registration, or for one tenant of it, with its own keys. */
export class RedisEntries implements TokenStore {
  readonly #parts: RedisEntriesParts;

  constructor(parts: RedisEntriesParts) {
    this.#parts = parts;
  }

  callLimitsOf(origin: string): SharedCallLimits {
    return this.#parts.callLimitsOf(origin);
  }

  forTenant(tenant: string): TokenStore {
    const { keys } = this.#parts;
    return new RedisEntries({ ...this.#parts, tenant, keys: new TenantKeyring(keys, tenant) });
  }

  async whenReady(): Promise<void> {
    this.#parts.generations.open();
    // A key that cannot be read now is asked for again with the next use.
    await Promise.allSettled([this.#parts.connection.whenReady(), this.#parts.keys.keyring()]);
  }

  async read(entry: string): Promise<StoredToken | undefined> {
    const { keys, generations, tenant } = this.#parts;
    const generation = await generations.current(tenant);
    for (const key of (await keys.keyring()).all) {
      const stored = await this.#readUnder(key, entry, generation);
      if (stored !== undefined) return stored;
    }
    return undefined;
  }

  async acquire(entry: string): Promise<TokenLease | undefined> {
    const { connection, clock, keys, generations, tenant } = this.#parts;
    const names = this.#namesOf((await keys.keyring()).first, entry);
    const known = await generations.current(tenant);
    const owner = `${randomBytes(OWNER_BYTES).toString('hex')}.${known}`;
    const sentAt = clock.now();
    const { lease, order, token } = names;
    const [givenUs, given, stored] = await connection.run(
      ACQUIRE,
      [lease, order, token],
      [owner, LEASE_MS, ORDER_MS, known],
    );
    if (given === undefined) return undefined;
    const fence = numberIn(given);
    const write = (record: TokenRecord, atUs: number, released: string | undefined): Promise<boolean> =>
      this.#write(names, fence, { ...record, atUs, generation: known }, released);
    const value = `${owner} ${given}`;
    const parts = { names, fence, storedFence: numberIn(stored), value, sentAt, givenUs, write };
    return new RedisLease(parts, connection, clock);
  }

  async invalidate(entry: string): Promise<void> {
    // Under every key: otherwise the next read would find a record that an older key has sealed.
    const { connection, keys } = this.#parts;
    const invalidating = (await keys.keyring()).all.map((key) => {
      const { token, order, lease, channel, announced } = this.#namesOf(key, entry);
      return connection.run(INVALIDATE, [token, order, lease], [ORDER_MS, channel, announced]);
    });
    await Promise.all(invalidating);
  }

  invalidateAll(): Promise<void> {
    return this.#parts.generations.begin(this.#parts.tenant);
  }

  async untilChanged(entry: string, timeoutMs: number): Promise<void> {
    const { feed, keys, generations, tenant } = this.#parts;
    const { announced } = this.#namesOf((await keys.keyring()).first, entry);
    await feed.untilChanged([announced, ...(await generations.announcements(tenant))], timeoutMs);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  async #readUnder(key: StoreKey, entry: string, generation: number): Promise<StoredToken | undefined> {
    const names = this.#namesOf(key, entry);
    const { connection, keys } = this.#parts;
    const [nowUs, given, sealed] = await connection.run(READ, [names.token]);
    if (given === undefined || sealed === undefined) return undefined;
    const fence = numberIn(given);
    const opening = await this.#opening(await keys.keyring(), String(sealed));
    const record = opening?.open(String(sealed), placeOf(connection.clientPrefix, names, fence));
    const passed = record && passedMs(record.atUs, nowUs);
    if (record === undefined || record.generation < generation) return undefined;
    if (passed === undefined || passed >= record.remainingMs) return undefined;
    const { token, keyFingerprint } = record;
    return {
      token,
      keyFingerprint,
      fence,
      remainingMs: record.remainingMs - passed,
      ageMs: record.ageMs + passed,
    };
  }

  /** The key that opens a record. It asks for the keys anew if the key is unknown: another process may have a newer one. */
  async #opening(keyring: Keyring, sealed: string): Promise<StoreKey | undefined> {
    const id = keyIdOf(sealed);
    return keyring.withId(id) ?? (await this.#parts.keys.refreshed()).withId(id);
  }

  /** @param released the value of the lease, if the write gives it back. */
  async #write(
    names: EntryNames,
    fence: number,
    record: DatedRecord,
    released: string | undefined,
  ): Promise<boolean> {
    const { connection, keys, generations, tenant } = this.#parts;
    if (record.generation < (await generations.current(tenant))) return false;
    const { keyFingerprint, remainingMs } = record;
    const sealing =
      (await keys.keyring()).sealing(keyFingerprint) ?? (await keys.refreshed()).sealing(keyFingerprint);
    if (sealing === undefined) throw new Error('The API key that fetched the token is no longer known');
    const sealed = sealing.seal(record, placeOf(connection.clientPrefix, names, fence));
    const [, isWritten] = await connection.run(
      WRITE,
      [names.token, names.order, names.lease],
      [fence, sealed, Math.floor(remainingMs), ORDER_MS, names.channel, names.announced, released ?? ''],
    );
    return numberIn(isWritten) === 1;
  }

  #namesOf(key: StoreKey, entry: string): EntryNames {
    const { keyPrefix, connection } = this.#parts;
    return namesOf(keyPrefix, connection.clientPrefix, key, entry);
  }
}
