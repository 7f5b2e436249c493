import type { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import type { TokenStore, TokenStoreUser } from '../../../src/store/token-store.js';

/** A registration with tenants in one process, in the form that its store gets. */
export class Pod implements TokenStoreUser {
  readonly hasTenants = true;
  readonly invalidated: (string | undefined)[] = [];
  readonly store: TokenStore;

  constructor(
    store: RedisTokenStore,
    readonly tenants: string[],
    readonly registration = '',
  ) {
    this.store = store.bind(this);
  }

  async secrets(): Promise<never[]> {
    return [];
  }

  heldTenants(): Iterable<string> {
    return this.tenants;
  }

  invalidatedAll(tenant: string | undefined): void {
    this.invalidated.push(tenant);
  }

  of(tenant: string): TokenStore {
    const view = this.store.forTenant?.(tenant);
    if (view === undefined) throw new Error('The store knows no tenants');
    return view;
  }

  async invalidate(tenant: string): Promise<void> {
    await this.of(tenant).invalidateAll?.();
  }
}

export async function tokenIn(view: TokenStore, entry = 'entry'): Promise<string | undefined> {
  return (await view.read(entry))?.token;
}
