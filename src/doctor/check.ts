import type { DoctorContext } from './context.js';

/** `skip`: it could not be looked at, or there is nothing to look at. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** What a check has found. Holds no secret. */
export interface Finding {
  readonly status: CheckStatus;
  /** What was looked at, and what was found there. */
  readonly detail: string;
  /** How to mend it. */
  readonly hint?: string | undefined;
}

/** The parts of a setup, in the order of the report. */
export type CheckGroup = 'Runtime' | 'Settings' | 'Way to Nudge' | 'Nudge' | 'Redis' | 'Endpoint';

/** One question to a setup. */
export interface Check {
  /** Stable: scripts look for it. */
  readonly name: string;
  readonly group: CheckGroup;
  /** What is asked, for a person who waits for the answer. */
  readonly asks: string;
  /** Names of checks that come before: where one of them failed, nothing can be learnt here. */
  readonly needs: readonly string[];
  /** Milliseconds it may take, 10,000 at most. Default: as long. */
  readonly limitMs?: number;
  /** Whether it calls Nudge, or goes there. */
  readonly reachesNudge?: boolean;
  /** Whether the setup has what is asked about. Default: it has. */
  isFor?(context: DoctorContext): boolean;
  /** Answers in time, also when the signal says that its time is over. */
  run(context: DoctorContext, signal: AbortSignal): Finding | Promise<Finding>;
}

export const pass = (detail: string): Finding => ({ status: 'pass', detail });
export const skip = (detail: string): Finding => ({ status: 'skip', detail });
export const warn = (detail: string, hint: string): Finding => ({ status: 'warn', detail, hint });
export const fail = (detail: string, hint: string): Finding => ({ status: 'fail', detail, hint });
