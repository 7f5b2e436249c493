import type { RefreshTokenClock } from './clock.js';

// A timer of 2^31 ms or more would fire at once.
const MAX_TIMER_MS = 2_000_000_000;

/** The session's time: how much has passed, what happens later, and how long the session waits. */
export interface Time {
  /**
   * Milliseconds on a clock that never steps back and never stands still. Between two readings passes the larger of what
   * the wall clock (which a user may set back) and the monotonic clock (which may stop while a phone sleeps) say. Its
   * start means nothing.
   */
  readonly now: () => number;
  /** Calls back once; a Node process may end before. The returned function stops the timer. */
  start(delayMs: number, callback: () => void): () => void;
  /** Resolves as `work`, which must not reject, or to `late` at the time limit or if `work` resolves to nothing. */
  limit<T, Late = 'timeout'>(work: Promise<T>, late?: Late): Promise<T | Late>;
  /** Ends every wait at once, as at its time limit, and leaves no timer of one. */
  end(): void;
}

export const startTime = (clock: RefreshTokenClock, limitMs: number): Time => {
  let passedMs = 0;
  let wallMs = 0;
  let monotonicMs = 0;
  const ends = new Set<() => void>();

  const start: Time['start'] = (delayMs, callback) => {
    const timer = clock.setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    // Browsers and React Native have numbers here.
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
