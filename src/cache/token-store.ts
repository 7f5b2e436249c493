/** A token as it is shared: it says how long it lives from now, because no two machines' clocks agree. */
export interface TokenRecord {
  readonly token: string;
  /** Milliseconds it can still be used. */
  readonly remainingMs: number;
  /** Milliseconds since it arrived at the process that fetched it. */
  readonly ageMs: number;
  /** Names the API key that fetched it. */
  readonly keyFingerprint: string;
}

export interface StoredToken extends TokenRecord {
  /** The order of writes: a higher one is newer, whatever any clock says. */
  readonly fence: number;
}

/** The right to renew one entry. It ends by itself when its holder is gone. */
export interface TokenLease {
  /** Higher than every fence given for this entry before. */
  readonly fence: number;
  /**
   * Stores what the holder fetched. `false` when the entry has moved on since: somebody wrote with a higher fence, or it
   * was invalidated.
   */
  write(record: TokenRecord): Promise<boolean>;
  /** Gives the right back. Never needed for correctness, only for speed. */
  release(): Promise<void>;
}

/**
 * Where processes share tokens. Every method may reject or be slow: callers then go on without it.
 * `describeTokenStoreContract` of `nestjs-nudge-auth/testing` is its executable form.
 */
export interface TokenStore {
  /** What is stored for an entry and still alive, aged to this moment. */
  read(entry: string): Promise<StoredToken | undefined>;
  /** The right to renew an entry; `undefined` while somebody else has it. */
  acquire(entry: string): Promise<TokenLease | undefined>;
  /** Removes what is stored, and makes every lease given so far too old to write. */
  invalidate(entry: string): Promise<void>;
  /** Resolves when the entry may have changed, or after `timeoutMs` milliseconds. */
  untilChanged(entry: string, timeoutMs: number): Promise<void>;
  /** Ends connections and timers of the store; called once, when the application closes. */
  close(): Promise<void>;
}
