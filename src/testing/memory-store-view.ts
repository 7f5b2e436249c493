import type {
  SharedCallLimits,
  StoredToken,
  TokenLease,
  TokenStore,
  TokenStoreUser,
} from '../store/token-store.js';

/** The store behind the views. Each view tells it which tenant and which registration makes the call. */
interface ViewedStore extends TokenStore {
  callLimitsOf(origin: string): SharedCallLimits;
  acquire(entry: string, tenant?: string): Promise<TokenLease | undefined>;
  invalidateAll(tenant?: string, user?: TokenStoreUser): Promise<void>;
}

/** A `MemoryTokenStore` as one registration or one of its tenants sees it. */
export class MemoryStoreView implements TokenStore {
  readonly #store: ViewedStore;
  readonly #user: TokenStoreUser | undefined;
  readonly #tenant: string | undefined;

  constructor(store: ViewedStore, user: TokenStoreUser | undefined, tenant: string | undefined) {
    this.#store = store;
    this.#user = user;
    this.#tenant = tenant;
  }

  callLimitsOf(origin: string): SharedCallLimits {
    return this.#store.callLimitsOf(origin);
  }

  forTenant(tenant: string): TokenStore {
    return new MemoryStoreView(this.#store, this.#user, tenant);
  }

  read(entry: string): Promise<StoredToken | undefined> {
    return this.#store.read(entry);
  }

  acquire(entry: string): Promise<TokenLease | undefined> {
    return this.#store.acquire(entry, this.#tenant);
  }

  invalidate(entry: string): Promise<void> {
    return this.#store.invalidate(entry);
  }

  invalidateAll(): Promise<void> {
    return this.#store.invalidateAll(this.#tenant, this.#user);
  }

  untilChanged(entry: string, timeoutMs: number): Promise<void> {
    return this.#store.untilChanged(entry, timeoutMs);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
