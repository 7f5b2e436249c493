import type { IssuedToken } from './simulated-vendor.js';

/** A token that reached the module, with its remaining life at that moment by the vendor's clock. */
export interface Delivery {
  readonly issued: IssuedToken;
  readonly lifeMs: number;
  readonly deliveredAtVendorMs: number;
}

export interface Caller {
  readonly entry: string;
  readonly force: boolean;
  readonly calledAtOrder: number;
  readonly calledAtMs: number;
  readonly signal: AbortSignal | undefined;
  /** The token that the cache could certainly serve when the caller came. */
  readonly servable: Delivery | undefined;
  readonly mustBeServedAtOnce: boolean;
  isSettled: boolean;
  isAborted?: boolean;
}

export interface Moment {
  /** By this machine's monotonic clock. */
  readonly localMs: number;
  /** By the machine's wall clock. */
  readonly wallMs: number;
  /** By the vendor's clock. */
  readonly vendorMs: number;
}
