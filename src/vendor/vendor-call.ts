import type { Deadline } from '../common/deadline.js';
import type { NudgeAuthError } from '../common/errors.js';
import type { TimeBudget } from '../common/time-budget.js';
import type { Attempts } from './attempts.js';
import type { RenewalPriority } from './renewal-priority.js';
import type { FetchedToken, TokenRequest } from './token-source.js';

/** What the vendor is asked for, and how long its answer is waited for. */
export interface VendorRequest {
  readonly request: TokenRequest;
  readonly deadline: Deadline;
  readonly priority: RenewalPriority;
  /** How long a store that counts the calls of all processes may be waited for; left out, as long as by any caller. */
  readonly storeTimeBudget?: TimeBudget | undefined;
}

/** The right to call the vendor for an entry, where processes share it: one of them has it at a time. */
export interface RenewalTurn {
  /** Whether this process surely has the right still: no other one can have it at this moment. */
  mayCall(): boolean;
}

/** The renewal turn has ended before the vendor gave a token. The call may go on under another turn. */
export interface TurnEnded {
  /** Milliseconds after which this process may ask for a turn again: the other processes go first. */
  readonly againInMs: number;
}

export function isTurnEnded(outcome: FetchedToken | TurnEnded): outcome is TurnEnded {
  return 'againInMs' in outcome;
}

/** One call to the vendor, all its attempts included, from its admission to its end. Only the gateway changes it. */
export interface VendorCall extends VendorRequest {
  readonly attempts: Attempts;
  /** Whether it has a place among the calls under way. */
  isAdmitted: boolean;
  /** The failure of the last attempt, where another one is to follow. */
  failure: NudgeAuthError | undefined;
  /** How many pauses of all processes were known when the last attempt was admitted. */
  knownPauses: number | undefined;
  /** How many failures of this process were known when the call began. */
  knownFailures: number;
  /** Lets the calls go ahead that waited for this one's outcome. Its caller calls it in the end. */
  end: () => void;
}
