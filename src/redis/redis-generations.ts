import { elapsedMs, type Cancel, type Clock, type Instant } from '../common/clock.js';
import { HOUR_MS, SECOND_MS } from '../common/durations.js';
import { inOwnContext } from '../common/own-context.js';
import type { TokenStoreUser } from '../store/token-store.js';
import type { ChangeFeed } from './change-feed.js';
import { generationNamesOf, type GenerationNames } from './entry-names.js';
import { BEGIN_GENERATION, GENERATIONS } from './generation-scripts.js';
import type { StoreKey } from './keyring.js';
import type { KeyringSource } from './keyring-source.js';
import { numberIn, type RedisConnection } from './redis-connection.js';

/** Redis may lose messages, so every process also asks for new generations this often. */
const ASK_EVERY_MS = SECOND_MS;
/** One failure may be a pause of this process, or a Redis that hands over to its replica. */
const LOST_AFTER_FAILURES = 3;
/** A process may judge records for this long by the generations that it has learnt. */
const GOOD_FOR_MS = 1.5 * SECOND_MS;
/** Longer than the life of a token, a day at most: after this time no record of an older generation is left. */
const REMEMBERED_FOR_MS = 25 * HOUR_MS;
const TOLD_AT_ONCE = 500;

/** How many generations Redis keeps under one key. */
const MOST_GENERATIONS = 10_000;
/** A process keeps more than Redis, so that it never drops a generation that Redis still has. */
export const MOST_KNOWN_GENERATIONS = 2 * MOST_GENERATIONS;
/** Stands for all tenants; no tenant has this name. Above the limit one generation for all replaces the oldest ones. */
export const ALL_TENANTS = '*';

/** The generations under one key that this process knows. */
export class KnownGenerations {
  /** The last generation that this process has learnt from Redis; 0 for none. */
  heard = 0;
  /** In the order in which this process has learnt them. */
  readonly #byMember = new Map<string, number>();

  of(member: string): number {
    return Math.max(this.#byMember.get(member) ?? 0, this.#byMember.get(ALL_TENANTS) ?? 0);
  }

  /** @returns whether the generation is new to this process. */
  learn(member: string, generation: number): boolean {
    if ((this.#byMember.get(member) ?? 0) >= generation) return false;
    this.#byMember.delete(member);
    this.#byMember.set(member, generation);
    for (const [oldest, begun] of this.#byMember) {
      if (this.#byMember.size <= MOST_KNOWN_GENERATIONS) break;
      this.#byMember.delete(oldest);
      this.#byMember.set(ALL_TENANTS, Math.max(begun, this.#byMember.get(ALL_TENANTS) ?? 0));
    }
    return true;
  }
}

export interface RedisGenerationsParts {
  readonly connection: RedisConnection;
  readonly feed: ChangeFeed;
  readonly keys: KeyringSource;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly user: Partial<TokenStoreUser>;
}

/**
 * The generations of a registration's entries, or of the entries of each tenant. A process invalidates all entries when it
 * begins a new generation: records of an older one are misses. Every process learns it within 2 s, also if Redis loses the
 * message.
 */
export class RedisGenerations {
  readonly #parts: RedisGenerationsParts;
  /** By the id of the key. */
  readonly #known = new Map<string, KnownGenerations>();
  #asking: Promise<void> | undefined;
  #askingAgain: Promise<void> | undefined;
  #askedAt: Instant | undefined;
  #cancelNext: Cancel | undefined;
  #failuresInARow = 0;
  #isClosed = false;

  constructor(parts: RedisGenerationsParts) {
    this.#parts = parts;
  }

  /** From now on this process asks for new generations. */
  open(): void {
    if (this.#cancelNext !== undefined || this.#isClosed) return;
    if (this.#parts.user.invalidatedAll !== undefined) inOwnContext(() => this.#askAgain());
  }

  /** The generation of a tenant's entries, or of the registration's, as learnt within the last 1.5 s. */
  async current(tenant: string | undefined): Promise<number> {
    this.open();
    const { clock, keys } = this.#parts;
    const age = this.#askedAt && elapsedMs(this.#askedAt, clock.now());
    if (age === undefined || age > GOOD_FOR_MS) await this.refresh();
    return this.#knownOf(tenant, (await keys.keyring()).all);
  }

  /** Begins a new generation under every key, so that records that an older key has sealed are misses as well. */
  async begin(tenant: string | undefined): Promise<void> {
    const { connection, keys } = this.#parts;
    const beginning = (await keys.keyring()).all.map(async (key) => {
      const { all, channel, announced } = this.#namesUnder(key);
      const member = this.#memberOf(tenant, key);
      const args = [member, REMEMBERED_FOR_MS, MOST_GENERATIONS, ALL_TENANTS, channel, announced];
      const [, generation] = await connection.run(BEGIN_GENERATION, [all], args);
      // This process learns it here and does not wait for the message.
      this.#knownUnder(key).learn(member, numberIn(generation));
      this.#parts.feed.announce(this.#announcedFor(key, member));
    });
    await Promise.all(beginning);
  }

  /** The names that the feed announces when a generation of the tenant has begun. */
  async announcements(tenant: string | undefined): Promise<string[]> {
    const { all } = await this.#parts.keys.keyring();
    return all.map((key) => this.#announcedFor(key, this.#memberOf(tenant, key)));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelNext?.();
  }

  /** Resolves when this process knows every generation that has begun before this call. */
  refresh(): Promise<void> {
    if (this.#asking !== undefined) {
      this.#askingAgain ??= this.#asking
        .catch(() => undefined)
        .then(() => {
          this.#askingAgain = undefined;
          return this.refresh();
        });
      return this.#askingAgain;
    }
    const asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  async #ask(): Promise<void> {
    const now = this.#parts.clock.now();
    const { all } = await this.#parts.keys.keyring();
    await Promise.all(all.map((key) => this.#askUnder(key)));
    this.#askedAt = now;
  }

  async #askUnder(key: StoreKey): Promise<void> {
    const { connection, feed } = this.#parts;
    const names = this.#namesUnder(key);
    const known = this.#knownUnder(key);
    for (;;) {
      const [, last, ...told] = await connection.run(GENERATIONS, [names.all], [known.heard, TOLD_AT_ONCE]);
      // Redis has lost its data, or its clock was set back. Generations since then are lower than the known ones: start anew.
      if (numberIn(last) < known.heard) {
        known.heard = 0;
        if (numberIn(last) > 0) continue;
      }
      const news = new Set<string>();
      for (let index = 0; index < told.length; index += 2) {
        const [member, generation] = [String(told[index]), numberIn(told[index + 1])];
        known.heard = Math.max(known.heard, generation);
        if (known.learn(member, generation)) news.add(member);
      }
      if (news.size > 0) this.#tellOf(news, key);
      for (const member of news) feed.announce(this.#announcedFor(key, member));
      if (told.length < TOLD_AT_ONCE * 2) return;
    }
  }

  /** Finds the tenants by trying each one whose tokens the process may hold: a member is an HMAC and reveals no tenant. */
  #tellOf(news: ReadonlySet<string>, key: StoreKey): void {
    const { user } = this.#parts;
    const tenants = user.hasTenants === true ? [...(user.heldTenants?.() ?? [])] : [undefined];
    for (const tenant of tenants) {
      if (news.has(ALL_TENANTS) || news.has(this.#memberOf(tenant, key))) user.invalidatedAll?.(tenant);
    }
  }

  #askAgain(): void {
    const ask = async (): Promise<void> => {
      this.#askAgain();
      try {
        await this.refresh();
        this.#failuresInARow = 0;
      } catch (error) {
        this.#failed(error);
      }
    };
    this.#cancelNext = this.#parts.clock.schedule(ASK_EVERY_MS, () => void ask(), { background: true });
  }

  #failed(error: unknown): void {
    this.#failuresInARow += 1;
    if (this.#failuresInARow === LOST_AFTER_FAILURES && !this.#isClosed) this.#parts.user.lost?.(error);
  }

  #knownOf(tenant: string | undefined, keys: readonly StoreKey[]): number {
    return Math.max(...keys.map((key) => this.#knownUnder(key).of(this.#memberOf(tenant, key))));
  }

  #knownUnder(key: StoreKey): KnownGenerations {
    let known = this.#known.get(key.id);
    if (known === undefined) {
      known = new KnownGenerations();
      this.#known.set(key.id, known);
      this.#parts.feed.listen(this.#namesUnder(key).announced, () => {
        if (!this.#isClosed) this.refresh().catch(() => undefined);
      });
    }
    return known;
  }

  #namesUnder(key: StoreKey): GenerationNames {
    const { keyPrefix, connection } = this.#parts;
    return generationNamesOf(keyPrefix, connection.clientPrefix, key);
  }

  #memberOf(tenant: string | undefined, key: StoreKey): string {
    return key.nameOf(JSON.stringify(['generation', this.#parts.user.registration ?? '', tenant ?? null]));
  }

  #announcedFor({ id }: StoreKey, member: string): string {
    return `${id}:generation of ${member}`;
  }
}
