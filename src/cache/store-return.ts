import type { PublishableToken } from './renewal.js';
import { LOST, type StoreGuard } from './store-guard.js';
import { giveBack, type TokenStore } from './token-store.js';

/** On the store's return no process shall spend long on making up for what it has missed. */
const MOST_INVALIDATIONS = 1_000;

/** What is owed to a store for the time in which it did not answer. */
export class StoreReturn {
  readonly #store: TokenStore;
  readonly #guard: StoreGuard;
  /** Invalidated here, and the store does not know of it. The latest last. */
  readonly #invalidated = new Set<string>();
  held: () => readonly PublishableToken[] = () => [];

  constructor(store: TokenStore, guard: StoreGuard) {
    this.#store = store;
    this.#guard = guard;
    guard.onReturn = () => this.#makeUp();
  }

  /** Whether what is stored for an entry has been invalidated, and only the store does not know. */
  isInvalidated(entry: string): boolean {
    return this.#invalidated.has(entry);
  }

  /** Makes the others let go of an entry: now, or when the store is back. */
  async invalidate(entry: string): Promise<void> {
    const answer = await this.#guard.ask('invalidate', this.#guard.patience(), () =>
      this.#store.invalidate(entry),
    );
    this.#invalidated.delete(entry);
    if (answer !== LOST) return;
    this.#invalidated.add(entry);
    for (const oldest of this.#invalidated) {
      if (this.#invalidated.size <= MOST_INVALIDATIONS) break;
      this.#invalidated.delete(oldest);
    }
  }

  async #makeUp(): Promise<void> {
    const owed = [...this.#invalidated];
    for (const entry of owed) {
      await this.invalidate(entry);
      if (this.#guard.isLost) return;
    }
    await this.#shareHeld();
  }

  /** The others get what is held here, so that none of them must fetch it. */
  async #shareHeld(): Promise<void> {
    for (const { entry, record, published } of this.held()) {
      const fence = await this.#guard.ask('publish', this.#guard.patience(), async () => {
        if ((await this.#store.read(entry)) !== undefined) return undefined;
        const lease = await this.#store.acquire(entry);
        if (lease === undefined) return undefined;
        try {
          return (await lease.write(record)) ? lease.fence : undefined;
        } finally {
          giveBack(lease);
        }
      });
      if (fence === LOST) return;
      if (fence !== undefined) published(fence);
    }
  }
}
