import type { NudgeAuthError } from '../common/errors.js';
import type { RenewalReason } from '../telemetry/events.js';
import type { HeldToken } from '../token/held-token.js';
import type { LocalRefusal } from '../vendor/failures.js';
import type { FetchedToken } from '../vendor/token-source.js';
import type { VendorRequest } from '../vendor/vendor-call.js';
import type { TokenRecord } from './token-store.js';

/** The request of a renewal. */
export interface RenewalCall extends VendorRequest {
  /** The entry's name in a store: registration, base URL, scope, minutes and user. */
  readonly entry: string;
  readonly reason: RenewalReason;
  /** The renewal accepts only a stored token with a higher fence; 0 accepts every one. */
  readonly newerThan: number;
  /** The held token, if it is still good. The renewal does not accept a stored token that was fetched before it. */
  readonly held: HeldToken | undefined;
  /** Whether the vendor repeats a token that ends soon, so that the renewal waits for its end to get a fresh one. */
  readonly awaitsEnd: boolean;
}

/** The token that a renewal got: the vendor's token, and what a store adds to it. Without a store nothing is added. */
export interface RenewedToken extends FetchedToken {
  /** Set if another process fetched the token. Default: the renewal itself fetched it. */
  readonly from?: 'store';
  /** The fence of the token in the store. Default: the fence of the token before. */
  readonly fence?: number;
  /** The failure of this process's own attempt, if it made one before another process got the token. */
  readonly despite?: NudgeAuthError | undefined;
}

/** A held token that this process can share with the others. */
export interface PublishableToken {
  /** The entry's name in a store. */
  readonly entry: string;
  /** The record to store, aged to this moment; `undefined` if the token is no longer held. */
  readonly record: () => TokenRecord | undefined;
  /** Must be called with the fence of the token once it is stored. */
  readonly published: (fence: number) => void;
}

/** Gets new tokens: with a store its coordinator, without one the vendor's gateway itself. */
export interface TokenRenewer {
  /**
   * Gets a token that is newer than the one that the caller holds.
   *
   * @throws {NudgeAuthError} for every failure.
   */
  renew(call: RenewalCall): Promise<RenewedToken>;
  /** Why this process may not call the vendor now (backoff, pause); `undefined` if it may. */
  refusal(): LocalRefusal | undefined;
  /** Whether another process may provide a token while this one may not call the vendor. */
  readonly isShared?: boolean;
  /** Makes the other processes drop the entry, too. */
  invalidate?(entry: string): Promise<void>;
  /** Makes the other processes drop all entries. */
  invalidateAll?(): Promise<void>;
  /**
   * The share of a token's life after which to rotate it while the store is lost; `undefined` while the store answers.
   */
  rotateAloneAfterShare?(): number | undefined;
  /** Sets the tokens that this process shares when the store is back. */
  shareOnReturn?(held: () => readonly PublishableToken[]): void;
  /** Connects to the store before the first caller comes. Without this method there is nothing to connect to. */
  open?(): void;
  /** Ends the work in the background. */
  close?(): void;
}
