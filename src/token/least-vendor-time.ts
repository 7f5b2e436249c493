import type { Instant } from '../common/clock.js';

/**
 * The earliest time that the vendor's clock can show now. When a process sees a token, the vendor's clock has passed
 * the token's `iat`, and it goes on from there. No wall clock is read, so that a wrong one throws no good token away.
 */
export class LeastVendorTime {
  #seen: { readonly vendorMs: number; readonly monotonicMs: number } | undefined;

  /**
   * The vendor has answered. The new time replaces the old one, because the vendor may have set its clock back since.
   */
  answered(issuedAtMs: number, arrivedAt: Instant): void {
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: arrivedAt.monotonicMs };
  }

  /** A token came from elsewhere, for example from the store. It counts only if it shows a later time. */
  saw(issuedAtMs: number, now: Instant): void {
    if (issuedAtMs <= this.atMs(now)) return;
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: now.monotonicMs };
  }

  /** Epoch milliseconds of the vendor's clock; minus infinity before the first token. */
  atMs(now: Instant): number {
    if (this.#seen === undefined) return Number.NEGATIVE_INFINITY;
    return this.#seen.vendorMs + Math.max(0, now.monotonicMs - this.#seen.monotonicMs);
  }
}
