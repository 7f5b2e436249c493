import type { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import type { FetchedToken, TokenRequest } from '../source/token-source.js';
import type { RenewalReason } from '../telemetry/events.js';
import type { HeldToken } from '../token/held-token.js';
import type { Demand } from './demand.js';

/** What a renewal asks for. */
export interface RenewalCall {
  /** The entry's name in a store: registration, base URL, scope, minutes and user. */
  readonly entry: string;
  readonly request: TokenRequest;
  readonly reason: RenewalReason;
  readonly deadline: Deadline;
  readonly demand: Demand;
  /** Only a token whose order in the store is higher will do; 0 accepts every one. */
  readonly newerThan: number;
}

/** A token that a renewal brought, from the vendor or from another process. */
export interface RenewedToken extends FetchedToken {
  readonly from: 'vendor' | 'store';
  /** Its order in the store; 0 without one. */
  readonly fence: number;
}

/** Said without asking the vendor: a wait is in force, or the budget is spent. No failure of its own. */
export class LocalRefusal extends NudgeAuthError {}

/** Something that brings new tokens. */
export interface TokenRenewer {
  /**
   * A token that is newer than what the caller holds.
   *
   * @throws {NudgeAuthError} for every failure.
   */
  renew(call: RenewalCall): Promise<RenewedToken>;
  /** Why no renewal may begin now (backoff, pause); `undefined` when one may. */
  refusal(): LocalRefusal | undefined;
  /** Makes others that share the entry let go of it, too. */
  invalidate?(entry: string): Promise<void>;
}

/** `from` tells whether the token was fetched by the renewal itself. */
export type RenewalOutcome =
  { readonly held: HeldToken; readonly from: RenewedToken['from'] } | { readonly error: NudgeAuthError };

/** One renewal under way, which any number of callers wait for. */
export interface Renewal {
  /** Its place in the order of everything that the cache began: tells what began after a caller came. */
  readonly sequence: number;
  readonly demand: Demand;
  /** Never rejects: nobody need be there when it fails. */
  readonly settled: Promise<RenewalOutcome>;
}
