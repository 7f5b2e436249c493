import type { Cancel, Clock } from '../common/clock.js';
import { giveBack, type TokenLease } from './token-store.js';

/** Leases that are kept for a while after the work is done, because the next holder would be told the same. */
export class KeptLeases {
  readonly #clock: Clock;
  readonly #kept = new Map<TokenLease, Cancel>();

  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keep(lease: TokenLease, forMs: number): void {
    if (this.#isClosed) {
      giveBack(lease);
      return;
    }
    const end = (): void => {
      this.#kept.delete(lease);
      giveBack(lease);
    };
    this.#kept.set(lease, this.#clock.schedule(forMs, end, { background: true }));
  }

  close(): void {
    this.#isClosed = true;
    for (const [lease, cancel] of this.#kept) {
      cancel();
      giveBack(lease);
    }
    this.#kept.clear();
  }
}
