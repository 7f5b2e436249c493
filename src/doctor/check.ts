import type { DoctorContext } from './context.js';

/** `skip`: the check could not run, or there was nothing to check. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** The result of a check. Holds no secret. */
export interface Finding {
  readonly status: CheckStatus;
  /** What the check has found. */
  readonly detail: string;
  /** What the operator can do. */
  readonly hint?: string | undefined;
  /** Whether a failure is about some tenants only, so that later checks go on with the others. */
  readonly isPartial?: boolean;
}

/** The parts of a setup, in the order of the report. */
export type CheckGroup = 'Runtime' | 'Settings' | 'Way to Nudge' | 'Nudge' | 'Redis' | 'Endpoint';

/** One check of a setup. */
export interface Check {
  /** Stable, because scripts use it. */
  readonly name: string;
  readonly group: CheckGroup;
  /** What the check finds out, shown to a user who waits for it. */
  readonly asks: string;
  /** Names of earlier checks. If one of them has failed, this check is skipped: it could find nothing. */
  readonly needs: readonly string[];
  /** Milliseconds that the check may take, at most 10,000. Default: 10,000. */
  readonly limitMs?: number;
  /** Whether the check sends anything towards Nudge. */
  readonly reachesNudge?: boolean;
  /** Whether the setup has the part that the check is about. Default: `true`. */
  isFor?(context: DoctorContext): boolean;
  /** Returns the result, also when the signal aborts because the time is over. */
  run(context: DoctorContext, signal: AbortSignal): Finding | Promise<Finding>;
}

export const pass = (detail: string): Finding => ({ status: 'pass', detail });
export const skip = (detail: string): Finding => ({ status: 'skip', detail });
export const warn = (detail: string, hint: string): Finding => ({ status: 'warn', detail, hint });
export const fail = (detail: string, hint: string): Finding => ({ status: 'fail', detail, hint });
