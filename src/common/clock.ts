/**
 * A moment, read from both of a machine's clocks at once.
 *
 * @publicApi
 */
export interface Instant {
  /** Epoch milliseconds of the wall clock, the time in JWTs. It may step forward or back. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary start. It never steps back, but may stand still while the machine is suspended. */
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
  /** `true` lets the process exit while the timer is pending: for work that no caller waits for. Default `false`. */
  readonly background?: boolean;
}

/**
 * The only source of time in this package: a test sets the time and need not sleep.
 *
 * @publicApi
 */
export interface Clock {
  /** The present moment. */
  now(): Instant;
  /** Runs `callback` once, `delayMs` milliseconds from now; any non-negative number is allowed. */
  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): Cancel;
}

/** The only source of randomness: uniformly distributed in [0, 1), as `Math.random` is. */
export type Random = () => number;

/**
 * Milliseconds that have passed between two moments: the larger difference of the two clocks. The wall clock may be set
 * back, and the monotonic clock may stand still while the machine is suspended.
 */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.wallMs - from.wallMs, to.monotonicMs - from.monotonicMs);
}

/** Node fires a longer timer at once (and warns), so a longer delay is split over several timers. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How often the same moment is returned: while the wall clock stands still, the monotonic clock must go on. */
const MOST_READINGS = 32;

let present: Instant = { wallMs: Number.NaN, monotonicMs: 0 };
let readings = 0;

/** Reads both clocks. Within one millisecond of the wall clock it returns the same moment, which halves the cost. */
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
