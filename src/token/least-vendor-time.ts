import type { Instant } from '../common/clock.js';

/**
 * The least that the vendor's clock can say now: a token's `iat` has passed there when it is seen here, and so has all
 * time since. It asks no wall clock, so that a wrong one throws no good token away.
 */
export class LeastVendorTime {
  #seen: { readonly vendorMs: number; readonly monotonicMs: number } | undefined;

  /** The vendor has answered: what was known before may come of a clock that it has corrected since. */
  answered(issuedAtMs: number, arrivedAt: Instant): void {
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: arrivedAt.monotonicMs };
  }

  /** A token was seen elsewhere: it tells of a later time, or nothing. */
  saw(issuedAtMs: number, now: Instant): void {
    if (issuedAtMs <= this.atMs(now)) return;
    this.#seen = { vendorMs: issuedAtMs, monotonicMs: now.monotonicMs };
  }

  /** Epoch milliseconds of the vendor's clock; minus infinity while nothing is known. */
  atMs(now: Instant): number {
    if (this.#seen === undefined) return Number.NEGATIVE_INFINITY;
    return this.#seen.vendorMs + Math.max(0, now.monotonicMs - this.#seen.monotonicMs);
  }
}
