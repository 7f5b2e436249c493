import { SECOND_MS } from '../common/durations.js';
import type { CallUrgency } from '../vendor/call-budget.js';

/** A process that starts waits so long for its first connection, instead of calling the vendor as all others do. */
export const FIRST_CONNECTION_MS = 2 * SECOND_MS;

/**
 * A token as it is shared: it says how long it lives from now, because no two machines' clocks agree.
 *
 * @publicApi
 */
export interface TokenRecord {
  readonly token: string;
  /** Milliseconds it can still be used. */
  readonly remainingMs: number;
  /** Milliseconds since it arrived at the process that fetched it. */
  readonly ageMs: number;
  /** Names the API key that fetched it. */
  readonly keyFingerprint: string;
}

/**
 * What a store holds for an entry.
 *
 * @publicApi
 */
export interface StoredToken extends TokenRecord {
  /** The order of writes: a higher one is newer, whatever any clock says. */
  readonly fence: number;
}

/**
 * The right to renew one entry. It ends by itself when its holder is gone.
 *
 * @publicApi
 */
export interface TokenLease {
  /** Higher than every fence given for this entry before. */
  readonly fence: number;
  /**
   * The fence of what was stored when the right was given, 0 for nothing: whoever has read something older, a moment
   * before, looks again instead of calling the vendor. Left out, nobody does.
   */
  readonly storedFence?: number;
  /**
   * Whether this process surely has the right still. `false` well before anybody else can get it, and for ever: then no
   * call to the vendor may begin under it.
   */
  isHeld(): boolean;
  /**
   * Stores what the holder fetched. `false` when the entry has moved on since: somebody wrote with a higher fence, or it
   * was invalidated.
   */
  write(record: TokenRecord): Promise<boolean>;
  /** Gives the right back. Never needed for correctness, only for speed. */
  release(): Promise<void>;
}

/** Gives a lease back. Nobody waits for it: one that is not given back ends by itself. */
export function giveBack(lease: TokenLease | undefined): void {
  void Promise.resolve()
    .then(() => lease?.release())
    .catch(() => undefined);
}

/**
 * Key material that everybody has who may use an API key, and nobody else.
 *
 * @publicApi
 */
export interface StoreSecret {
  /** Names the API key, as {@link TokenRecord.keyFingerprint} does. */
  readonly keyFingerprint: string;
  /** 32 bytes derived from the API key, from which that cannot be recovered. */
  readonly material: Uint8Array;
}

/**
 * What a store may know of the registration that uses it.
 *
 * @publicApi
 */
export interface TokenStoreUser {
  /** Names the registration among those that share the store; left out, there is one. */
  readonly registration?: string;
  /**
   * The secrets of the API keys in use, the first key's first; asked again when keys may have been rotated. Rejects when
   * none of them can be read.
   */
  secrets(): Promise<readonly StoreSecret[]>;
  /**
   * Whether the registration has tenants: then there is no API key of its own to derive anything from, `secrets` resolves
   * with none, and `bind` throws an `InvalidNudgeAuthOptionsError` where the store needs keys and has not been given any.
   */
  readonly hasTenants?: boolean;
  /** The tenants of which this process may hold tokens: a store may know tenants by names that cannot be read back. */
  heldTenants?(): Iterable<string>;
  /**
   * To be called within 2 s when another process has invalidated all entries of a tenant, or of a registration without
   * tenants (`undefined`): what is held of them here is let go.
   */
  invalidatedAll?(tenant: string | undefined): void;
}

/**
 * What processes that share a store share on their way to the vendor, who counts them by their common address. Every
 * method may reject or be slow: callers then keep to a part of the budget of their own.
 *
 * @publicApi
 */
export interface SharedCallLimits {
  /**
   * Takes one call out of the budget of all: 0 when there was one, else the milliseconds after which to ask again.
   * Rotations get at most half of it.
   */
  take(urgency: CallUrgency, callsPerMinute: number): Promise<number>;
  /** The pause that a 429 has begun, here or elsewhere. Whoever gets `probe` is the one who may try whether it is over. */
  pause(): Promise<SharedPause>;
  /** Begins a pause, or makes it last for `durationMs` milliseconds from now, a minute at most; a longer one stays. */
  beginPause(durationMs: number): Promise<void>;
  /** Ends the pause: the vendor has answered. */
  endPause(): Promise<void>;
  /** Whoever was to try whether the pause is over did not reach the vendor: another one may try at once. */
  giveBackProbe(): Promise<void>;
  /** Resolves when all of this can be asked. Takes no call and no probe. */
  look(): Promise<void>;
}

/**
 * `remainingMs` are the milliseconds until it is worth asking again; 0 when a call may be made.
 *
 * @publicApi
 */
export interface SharedPause {
  readonly remainingMs: number;
  /** Whether this is the first call after a pause: the others wait until it has ended the pause, or a few seconds. */
  readonly isProbe: boolean;
}

/**
 * Where processes share tokens. Every method may reject or be slow: callers then go on without it.
 * `describeTokenStoreContract` of `nestjs-nudge-auth/testing` is its executable form.
 *
 * @publicApi
 */
export interface TokenStore {
  /** The store as one registration uses it. Left out, it is used as it is. Whoever closes, closes the store itself. */
  bind?(user: TokenStoreUser): TokenStore;
  /**
   * The store as one tenant uses it, for example with an encryption key of its own. The entries' names hold the tenant as
   * well, so that no two tenants ever share one. Required by the option `tenants`.
   *
   * @param tenant its id, 1 to 200 characters, compared exactly.
   */
  forTenant?(tenant: string): TokenStore;
  /** The shared way to one vendor, named by its origin. Left out, every process counts for itself. */
  callLimitsOf?(origin: string): SharedCallLimits;
  /** Resolves when the store can be asked for the first time, or when that is not to be waited for any more. */
  whenReady?(): Promise<void>;
  /** What is stored for an entry and still alive, aged to this moment. */
  read(entry: string): Promise<StoredToken | undefined>;
  /** The right to renew an entry; `undefined` while somebody else has it. */
  acquire(entry: string): Promise<TokenLease | undefined>;
  /** Removes what is stored, and makes every lease given so far too old to write. */
  invalidate(entry: string): Promise<void>;
  /**
   * The same for all entries at once, of the tenant or of the registration that this store was made for: what is stored is
   * not read any more, and no lease given so far can write. Required by the option `tenants`.
   */
  invalidateAll?(): Promise<void>;
  /** Resolves when the entry may have changed, or after `timeoutMs` milliseconds. */
  untilChanged(entry: string, timeoutMs: number): Promise<void>;
  /** Ends connections and timers of the store; called when the application closes, once for each registration. */
  close(): Promise<void>;
}
