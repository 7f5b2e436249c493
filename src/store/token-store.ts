import { SECOND_MS } from '../common/durations.js';
import type { CallUrgency } from '../vendor/call-budget.js';

/** A starting process waits this long for its first connection, so that not every process of a rollout calls the vendor. */
export const FIRST_CONNECTION_MS = 2 * SECOND_MS;

/** One process probes whether the pause is over. The other processes wait this many milliseconds for its result. */
export const PROBE_MS = 10 * SECOND_MS;
/** Milliseconds after which the other processes ask again while the probe is under way. */
export const PROBE_POLL_MS = SECOND_MS / 2;

/**
 * A token as processes share it. It holds remaining times instead of moments, because the clocks of two machines differ.
 *
 * @publicApi
 */
export interface TokenRecord {
  readonly token: string;
  /** Milliseconds for which the token can still be used. */
  readonly remainingMs: number;
  /** Milliseconds since the token arrived at the process that fetched it. */
  readonly ageMs: number;
  /** The fingerprint of the API key that fetched the token. */
  readonly keyFingerprint: string;
}

/**
 * The token that a store holds for an entry.
 *
 * @publicApi
 */
export interface StoredToken extends TokenRecord {
  /** The order of the writes: the token with the higher fence is newer, whatever the clocks say. */
  readonly fence: number;
}

/**
 * The right to renew one entry. It expires if its holder dies.
 *
 * @publicApi
 */
export interface TokenLease {
  /** Higher than every fence given for this entry before. */
  readonly fence: number;
  /**
   * The fence of the token that was stored when the store gave the lease; 0 if there was none. A holder that read an older
   * token just before reads again instead of calling the vendor. Without this property no holder reads again.
   */
  readonly storedFence?: number;
  /**
   * Whether this process certainly still has the lease. It turns `false` well before another process can get the lease, and
   * stays `false`. Then the process may not begin a call to the vendor under it.
   */
  isHeld(): boolean;
  /**
   * Stores the token that the holder fetched. Resolves with `false` if another process has written with a higher fence, or
   * if the entry was invalidated.
   *
   * @param isLast whether the holder needs the lease no more. A store can then give it back in the same step. The holder
   * calls `release` in any case.
   */
  write(record: TokenRecord, isLast?: boolean): Promise<boolean>;
  /** Gives the lease back, so that the next process need not wait until it expires. */
  release(): Promise<void>;
}

/** Gives a lease back without waiting for it. If that fails, the lease expires. */
export function giveBack(lease: TokenLease | undefined): void {
  void Promise.resolve()
    .then(() => lease?.release())
    .catch(() => undefined);
}

/**
 * Key material that every process with the API key can derive, and no other.
 *
 * @publicApi
 */
export interface StoreSecret {
  /** The fingerprint of the API key, as in {@link TokenRecord.keyFingerprint}. */
  readonly keyFingerprint: string;
  /** 32 bytes derived from the API key. The key cannot be recovered from them. */
  readonly material: Uint8Array;
}

/**
 * The part of a registration that the store may know.
 *
 * @publicApi
 */
export interface TokenStoreUser {
  /** The name of the registration among those that share the store. Left out if there is only one. */
  readonly registration?: string;
  /**
   * Resolves with the secrets of the API keys in use, that of the first key first. The store asks again when a key may have
   * been rotated. Rejects if no key can be read.
   */
  secrets(): Promise<readonly StoreSecret[]>;
  /**
   * Whether the registration has tenants. Then the registration itself has no API key, so `secrets` resolves with an empty
   * list, and `bind` throws an `InvalidNudgeAuthOptionsError` if the store needs keys and the host has given none.
   */
  readonly hasTenants?: boolean;
  /** The tenants whose tokens this process may hold. A store needs them if the names that it stores do not reveal a tenant. */
  heldTenants?(): Iterable<string>;
  /**
   * The store calls it within 2 s after another process has invalidated all entries of a tenant, or of a registration
   * without tenants (`undefined`). This process then drops the tokens that it holds for them.
   */
  invalidatedAll?(tenant: string | undefined): void;
  /**
   * The store calls it when its background work has failed several times in a row. This process then goes on without the
   * store, as it does when a renewal cannot use the store, and tests the store now and then.
   */
  lost?(error: unknown): void;
}

/**
 * The limits for calls to the vendor that processes share, because the vendor counts all calls of one IP address together.
 * Every method may reject or be slow: a process then keeps to its own part of the budget.
 *
 * @publicApi
 */
export interface SharedCallLimits {
  /**
   * Takes one call from the shared budget, unless a pause runs. Rotations get at most half of the budget. When a pause has
   * ended, one caller gets a call as the probe; the others wait until it ends the pause, or for a few seconds.
   */
  take(urgency: CallUrgency, callsPerMinute: number): Promise<SharedAdmission>;
  /** Begins a pause of `durationMs` milliseconds, a minute at most. A pause that lasts longer already stays as it is. */
  beginPause(durationMs: number): Promise<void>;
  /** Ends the pause: the vendor has answered. */
  endPause(): Promise<void>;
  /** Gives the probe back because it did not reach the vendor: another process may send one at once. */
  giveBackProbe(): Promise<void>;
  /** Resolves if the store can answer all of these. It takes no call and so no probe. */
  look(): Promise<void>;
}

/**
 * The answer to a process that asks for a call. The call was taken if both waits are 0.
 *
 * @publicApi
 */
export interface SharedAdmission {
  /** Milliseconds after which to ask again, because a 429 has begun a pause in some process; 0 without a pause. */
  readonly pausedForMs: number;
  /** Milliseconds after which to ask again, because the budget is spent; 0 if it is not. */
  readonly waitMs: number;
  /** Whether the call that was taken is the first one after a pause. It tests whether the vendor answers again. */
  readonly isProbe: boolean;
}

/**
 * A store in which processes share tokens. Every method may reject or be slow: callers then go on without the store.
 * `describeTokenStoreContract` of `nestjs-nudge-auth/testing` is its executable form.
 *
 * @publicApi
 */
export interface TokenStore {
  /** The store for one registration. Without this method all registrations use the store itself. Its `close` closes the store. */
  bind?(user: TokenStoreUser): TokenStore;
  /**
   * The store for one tenant, for example with a separate encryption key. The names of entries contain the tenant as well,
   * so that two tenants never share an entry. Required by the option `tenants`.
   *
   * @param tenant the id of the tenant, 1 to 200 characters, compared exactly.
   */
  forTenant?(tenant: string): TokenStore;
  /** The shared limits for calls to one vendor, named by its origin. Without this method every process counts for itself. */
  callLimitsOf?(origin: string): SharedCallLimits;
  /** Resolves when the store is ready for its first use, or when the process should no longer wait for that. */
  whenReady?(): Promise<void>;
  /** The token that is stored for an entry and has not expired, aged to this moment. */
  read(entry: string): Promise<StoredToken | undefined>;
  /** The lease to renew an entry; `undefined` while another process has it. */
  acquire(entry: string): Promise<TokenLease | undefined>;
  /** Removes the stored token. No lease given before can write any more. */
  invalidate(entry: string): Promise<void>;
  /**
   * Invalidates all entries of the tenant or the registration for which this store was made: no stored token can be read any
   * more, and no lease given before can write. Required by the option `tenants`.
   */
  invalidateAll?(): Promise<void>;
  /** Resolves when the entry may have changed, or after `timeoutMs` milliseconds. */
  untilChanged(entry: string, timeoutMs: number): Promise<void>;
  /** Ends the connections and timers of the store. Every registration calls it when the application closes. */
  close(): Promise<void>;
}
