import type { Cancel, Clock } from '../common/clock.js';
import { giveBack, type TokenLease } from './token-store.js';

/** Keeps leases for a while after the work, so that no other process asks Nudge: it would get the same answer. */
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
