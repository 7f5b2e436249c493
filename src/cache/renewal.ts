import type { NudgeAuthError } from '../common/errors.js';
import type { RenewedToken } from '../store/renewal.js';
import type { HeldToken } from '../token/held-token.js';
import type { RenewalPriority } from '../vendor/renewal-priority.js';

/** `from` tells whether the token was fetched by the renewal itself. */
export type RenewalOutcome =
  { readonly held: HeldToken; readonly from: RenewedToken['from'] } | { readonly error: NudgeAuthError };

/** One renewal under way, which any number of callers wait for. */
export interface Renewal {
  /** Its place in the order of everything that the cache began: tells what began after a caller came. */
  readonly sequence: number;
  readonly priority: RenewalPriority;
  /** Never rejects: a failure may find no caller waiting. */
  readonly settled: Promise<RenewalOutcome>;
}
