import type { Clock } from '../common/clock.js';
import type { CommandIo } from '../common/command.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { errorKindOf } from '../common/error-kind.js';
import { fail, skip, warn, type Check, type Finding } from './check.js';
import type { DoctorContext } from './context.js';

const LONGEST_CHECK_MS = 10 * SECOND_MS;
const ALL_CHECKS_MS = 30 * SECOND_MS;

/** A check and its result. */
export interface CheckReport {
  readonly check: Check;
  readonly finding: Finding;
}

export interface RunListener {
  begun(check: Check): void;
  ended(report: CheckReport): void;
}

/** Runs the checks one after the other: each within 10 s, and all within 30 s. */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  listener: RunListener,
  stopped: AbortSignal,
): Promise<readonly CheckReport[]> {
  const { clock } = context.machine;
  const deadline = new Deadline(clock, ALL_CHECKS_MS);
  const reports: CheckReport[] = [];
  /** Maps each failed check to itself, and each check that a failure hides to the failed check. */
  const hidden = new Map<string, string>();
  for (const check of checks) {
    if (stopped.aborted) break;
    if (check.isFor?.(context) === false) continue;
    listener.begun(check);
    const cause = check.needs.map((name) => hidden.get(name)).find((name) => name !== undefined);
    const finding =
      cause === undefined
        ? redacted(await runOne(check, context, deadline, stopped), context)
        : skip(`not checked: ${cause} failed`);
    // The result of an interrupted check says nothing about the setup.
    if (stopped.aborted) break;
    const hidesLater = finding.status === 'fail' && finding.isPartial !== true;
    if (cause !== undefined || hidesLater) hidden.set(check.name, cause ?? check.name);
    const report = { check, finding };
    reports.push(report);
    listener.ended(report);
  }
  return reports;
}

/** Does the same until the user stops the command; returns `undefined` then. */
export async function runUntilStopped(
  checks: readonly Check[],
  context: DoctorContext,
  listener: RunListener,
  io: Pick<CommandIo, 'untilStopped'>,
): Promise<readonly CheckReport[] | undefined> {
  const stop = new AbortController();
  const stopped = io.untilStopped().then(() => {
    stop.abort();
    return undefined;
  });
  return Promise.race([runChecks(checks, context, listener, stop.signal), stopped]);
}

function redacted(finding: Finding, { redaction }: DoctorContext): Finding {
  const { detail, hint } = finding;
  return {
    ...finding,
    detail: redaction.apply(detail),
    hint: hint === undefined ? undefined : redaction.apply(hint),
  };
}

async function runOne(
  check: Check,
  context: DoctorContext,
  deadline: Deadline,
  stopped: AbortSignal,
): Promise<Finding> {
  if (context.request.isOffline && check.reachesNudge === true) return skip('not checked: --offline');
  const limitMs = Math.min(check.limitMs ?? LONGEST_CHECK_MS, deadline.remainingMs());
  if (limitMs === 0)
    return warn('not checked: the 30 s for all checks were over', 'Find out why the checks above are slow.');
  const { signal, outOfTime, end } = timeLimit(context.machine.clock, limitMs, stopped);
  try {
    return await Promise.race([runSafely(check, context, signal), outOfTime]);
  } finally {
    end();
  }
}

async function runSafely(check: Check, context: DoctorContext, signal: AbortSignal): Promise<Finding> {
  try {
    return await check.run(context, signal);
  } catch (error) {
    return fail(
      `the check itself failed (${errorKindOf(error)})`,
      'This is a bug in the doctor: please report it.',
    );
  }
}

/** Aborts the signal of a check at the end of its time. The check may then still report what it was waiting for. */
function timeLimit(
  clock: Clock,
  limitMs: number,
  stopped: AbortSignal,
): { signal: AbortSignal; outOfTime: Promise<Finding>; end: () => void } {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  stopped.addEventListener('abort', stop);
  let cancel = stop;
  const outOfTime = new Promise<Finding>((resolve) => {
    cancel = clock.schedule(limitMs, () => {
      abort.abort();
      const late = fail(
        `no result after ${limitMs / SECOND_MS} s`,
        'A firewall or another device on the way may drop the packets.',
      );
      setImmediate(() => setImmediate(() => resolve(late)));
    });
  });
  const end = (): void => {
    cancel();
    stopped.removeEventListener('abort', stop);
  };
  return { signal: abort.signal, outOfTime, end };
}
