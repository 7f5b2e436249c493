/**
 * A moment, read from both of a machine's clocks at once.
 *
 * @publicApi
 */
export interface Instant {
  /** Epoch milliseconds of the wall clock: what people and JWTs mean by time. May step either way. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary start. Never steps back, but may stand still while a machine is suspended. */
  readonly monotonicMs: number;
}

/**
 * Ends a scheduled callback; calling it twice, or after the callback ran, does nothing.
 *
 * @publicApi
 */
export type Cancel = () => void;

/**
 * How a callback is scheduled.
 *
 * @publicApi
 */
export interface ScheduleOptions {
  /** `true` lets the process exit while the timer is pending: for work that nobody waits for. Default `false`. */
  readonly background?: boolean;
}

/**
 * The one source of time of this package, so that tests decide what time it is and no test ever sleeps.
 *
 * @publicApi
 */
export interface Clock {
  /** The present moment. */
  now(): Instant;
  /** Runs `callback` once, `delayMs` milliseconds from now; any non-negative number is allowed. */
  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): Cancel;
}

/** The one source of chance: uniformly distributed in [0, 1), as `Math.random` is. */
export type Random = () => number;

/**
 * Milliseconds that have passed between two moments: the larger of what the two clocks say,
 * because a wall clock may be set back and a monotonic one may stand still in suspend.
 */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.wallMs - from.wallMs, to.monotonicMs - from.monotonicMs);
}

/** Node fires a longer timer at once (and warns), so longer delays are slept in turns. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** So often one moment is handed out: a wall clock that stands still must not hold up the monotonic one. */
const MOST_READINGS = 32;

let present: Instant = { wallMs: Number.NaN, monotonicMs: 0 };
let readings = 0;

/** Both clocks; within one millisecond of the wall clock the same moment again, which halves what a reading costs. */
function now(): Instant {
  const wallMs = Date.now();
  readings += 1;
  if (wallMs !== present.wallMs || readings > MOST_READINGS) {
    present = { wallMs, monotonicMs: performance.now() };
    readings = 0;
  }
  return present;
}

/** The machine's own clocks and timers. */
export const systemClock: Clock = {
  now,
  schedule(delayMs, callback, options) {
    let timer: NodeJS.Timeout;
    const sleep = (restMs: number): void => {
      const turnMs = Math.min(restMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (restMs > turnMs ? sleep(restMs - turnMs) : callback()), turnMs);
      if (options?.background === true) timer.unref();
    };
    sleep(delayMs);
    return () => clearTimeout(timer);
  },
};
