import type { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import type { FetchedToken, TokenRequest } from '../vendor/token-source.js';
import type { RenewalReason } from '../telemetry/events.js';
import type { HeldToken } from '../token/held-token.js';
import type { Demand } from './demand.js';
import type { Patience } from './patience.js';
import type { TokenRecord } from './token-store.js';

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
  /** What is held and still good: a token that was fetched before it is no news, whatever its order. */
  readonly held: HeldToken | undefined;
  /** How long the store may still be waited for; left out, as long as by any caller. */
  readonly patience?: Patience;
  /** Whether the right to call the vendor is still there; left out, nobody else has a say in it. */
  readonly mayCall?: () => boolean;
  /** Said when an attempt has got no answer and another one is to follow. */
  readonly gotNoAnswer?: () => void;
  /** Asked before every call to the vendor but the first; left out, nobody else has a say in it. May take a while. */
  readonly mayCallAgain?: () => Promise<boolean>;
}

/** A token that a renewal brought, from the vendor or from another process. */
export interface RenewedToken extends FetchedToken {
  readonly from: 'vendor' | 'store';
  /** Its order in the store; 0 without one. */
  readonly fence: number;
  /** Why this process did not fetch it itself, where it tried to. */
  readonly despite?: NudgeAuthError;
}

/** Said without asking the vendor: a wait is in force, or the budget is spent. No failure of its own. */
export class LocalRefusal extends NudgeAuthError {}

/** Said to whoever waited as long as their deadline allows. */
export function timeout(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TIMEOUT', 'No token came within the deadline');
}

/** The right to call the vendor has gone to another process while this one waited for its turn. */
export class RightLost extends LocalRefusal {
  constructor() {
    super('NUDGE_UNAVAILABLE', 'Another process renews the token by now');
  }
}

/** A held token that is good enough for others. */
export interface PublishableToken {
  /** The entry's name in a store. */
  readonly entry: string;
  /** What there is to store, aged to this moment; `undefined` when it is held no more. */
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
  /** Makes others that share the entry let go of it, too. */
  invalidate?(entry: string): Promise<void>;
  /**
   * The share of a token's life after which to rotate it while the others cannot be reached; `undefined` while they can.
   */
  rotateAloneAfterShare?(): number | undefined;
  /** Sets what to share when the others can be reached again. */
  shareOnReturn?(held: () => readonly PublishableToken[]): void;
  /** Ends what goes on in the background. */
  close?(): void;
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
