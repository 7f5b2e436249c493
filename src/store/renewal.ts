import type { NudgeAuthError } from '../common/errors.js';
import type { RenewalReason } from '../telemetry/events.js';
import type { HeldToken } from '../token/held-token.js';
import type { LocalRefusal } from '../vendor/call-refusal.js';
import type { FetchedToken } from '../vendor/token-source.js';
import type { VendorRequest } from '../vendor/vendor-call.js';
import type { TokenRecord } from './token-store.js';

/** What a renewal asks for. */
export interface RenewalCall extends VendorRequest {
  /** The entry's name in a store: registration, base URL, scope, minutes and user. */
  readonly entry: string;
  readonly reason: RenewalReason;
  /** Only a token whose order in the store is higher will do; 0 accepts every one. */
  readonly newerThan: number;
  /** The token that is held and still good: a stored token that was fetched before it is of no use. */
  readonly held: HeldToken | undefined;
  /** Whether the vendor repeats a token whose end has come near: a fresh one is waited for. */
  readonly awaitsEnd: boolean;
}

/** A token that a renewal brought, from the vendor or from another process. */
export interface RenewedToken extends FetchedToken {
  readonly from: 'vendor' | 'store';
  /** Its order in the store; 0 without one. */
  readonly fence: number;
  /** Why this process did not fetch it itself, where it tried to. */
  readonly despite?: NudgeAuthError | undefined;
}

export function fromVendor(fetched: FetchedToken, fence: number): RenewedToken {
  return { ...fetched, from: 'vendor', fence };
}

/** A held token that is good enough for other processes. */
export interface PublishableToken {
  /** The entry's name in a store. */
  readonly entry: string;
  /** The record to store, aged to this moment; `undefined` when the token is not held any more. */
  readonly record: () => TokenRecord | undefined;
  /** To be called with its order in the store once it is there. */
  readonly published: (fence: number) => void;
}

/** Something that brings new tokens. */
export interface TokenRenewer {
  /**
   * A token that is newer than what the caller holds.
   *
   * @throws {NudgeAuthError} for every failure.
   */
  renew(call: RenewalCall): Promise<RenewedToken>;
  /** Why the vendor may not be called now (backoff, pause); `undefined` when it may. */
  refusal(): LocalRefusal | undefined;
  /** Whether other processes may have a token to take while the vendor may not be called from here. */
  readonly isShared?: boolean;
  /** Makes other processes that share the entry let go of it, too. */
  invalidate?(entry: string): Promise<void>;
  /** The same for all entries. */
  invalidateAll?(): Promise<void>;
  /**
   * The share of a token's life after which to rotate it while the other processes cannot be reached; `undefined` while
   * they can.
   */
  rotateAloneAfterShare?(): number | undefined;
  /** Sets what to share when the other processes can be reached again. */
  shareOnReturn?(held: () => readonly PublishableToken[]): void;
  /** Connects to the store before the first caller comes. Left out, there is nothing to connect to. */
  open?(): void;
  /** Ends what goes on in the background. */
  close?(): void;
}
