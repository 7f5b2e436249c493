import type { RefreshTokenClock } from './clock.js';

// A timer of 2^31 ms or more would fire at once.
const MAX_TIMER_MS = 2_000_000_000;

/** The session's clock, timers and time limit. */
export interface Time {
  /**
   * Milliseconds since an arbitrary start. Between two readings it advances by the larger difference of two clocks: the
   * wall clock, which a user may set back, and the monotonic clock, which may stand still while a phone sleeps.
   */
  readonly now: () => number;
  /** Calls `callback` once; does not keep a Node process alive. The returned function stops the timer. */
  start(delayMs: number, callback: () => void): () => void;
  /** Resolves as `work` does (which must not reject), or to `late` at the time limit or instead of `undefined`. */
  limit<T, Late = 'timeout'>(work: Promise<T>, late?: Late): Promise<T | Late>;
  /** Ends every wait at once, as if its time limit had come, and stops its timer. */
  end(): void;
}

export const startTime = (clock: RefreshTokenClock, limitMs: number): Time => {
  let passedMs = 0;
  let wallMs = 0;
  let monotonicMs = 0;
  const ends = new Set<() => void>();

  const start: Time['start'] = (delayMs, callback) => {
    const timer = clock.setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    // In browsers and React Native, a timer is a number.
    (timer as { unref?(): void } | undefined)?.unref?.();
    return () => clock.clearTimeout(timer);
  };

  return {
    start,
    now() {
      const newWallMs = clock.Date.now();
      const newMonotonicMs = clock.performance?.now() ?? 0;
      passedMs += Math.max(newWallMs - wallMs, newMonotonicMs - monotonicMs);
      wallMs = newWallMs;
      monotonicMs = newMonotonicMs;
      return passedMs;
    },
    limit: <T, Late>(work: Promise<T>, late = 'timeout' as Late) =>
      new Promise<T | Late>((resolve) => {
        const end = (value: T | Late = late): void => {
          stop();
          ends.delete(end);
          resolve(value);
        };
        const stop = start(limitMs, end);
        ends.add(end);
        void work.then(end);
      }),
    end() {
      for (const end of ends) end();
    },
  };
};
