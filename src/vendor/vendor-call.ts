import type { Deadline, TimeBudget } from '../common/deadline.js';
import type { NudgeAuthError } from '../common/errors.js';
import type { Attempts } from './attempts.js';
import type { CallUrgency } from './call-budget.js';
import type { FetchedToken, TokenRequest } from './token-source.js';

/** What to fetch from the vendor, and until when. */
export interface VendorRequest {
  readonly request: TokenRequest;
  readonly deadline: Deadline;
  readonly priority: RenewalPriority;
  /**
   * How long the call may wait for a store that counts the calls of all processes. Default: the full time of a caller.
   */
  readonly storeTimeBudget?: TimeBudget | undefined;
}

/** How urgent a renewal is: done in the background, awaited by a caller, or no longer wanted. */
export class RenewalPriority {
  #urgency: CallUrgency;
  #isDropped = false;
  #onRaised: () => void = () => undefined;

  constructor(urgency: CallUrgency) {
    this.#urgency = urgency;
  }

  get urgency(): CallUrgency {
    return this.#urgency;
  }

  /** Whether the entry was invalidated since: then no caller may get the token of this renewal. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Called when a caller waits for the renewal now. It moves ahead in the queue. */
  raise(): void {
    if (this.#urgency === 'urgent') return;
    this.#urgency = 'urgent';
    this.#onRaised();
  }

  drop(): void {
    this.#isDropped = true;
  }

  set onRaised(listener: () => void) {
    this.#onRaised = listener;
  }
}

/** The right to call the vendor for an entry that processes share. One process has it at a time. */
export interface RenewalTurn {
  /** Whether this process certainly still has the right, so that no other process can have it now. */
  mayCall(): boolean;
}

/** The renewal turn has ended before the vendor issued a token. The call may go on in another turn. */
export interface TurnEnded {
  /** Milliseconds after which this process may ask for a turn again, so that the other processes go first. */
  readonly againInMs: number;
}

export function isTurnEnded(outcome: FetchedToken | TurnEnded): outcome is TurnEnded {
  return 'againInMs' in outcome;
}

/** One call to the vendor with all its attempts, from its admission to its end. Only the gateway changes it. */
export interface VendorCall extends VendorRequest {
  readonly attempts: Attempts;
  /** Whether the call has a place among the calls under way. */
  isAdmitted: boolean;
  /** The failure of the last attempt, if another attempt is to follow. */
  failure: NudgeAuthError | undefined;
  /** How many shared pauses were known when the last attempt was admitted. */
  knownPauses: number | undefined;
  /** How many failures of this process were known when the call began. */
  knownFailures: number;
  /** Ends the call and wakes the calls that waited for its outcome. The caller must call it in the end. */
  end: () => void;
}
