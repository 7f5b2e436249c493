import type { RefreshTokenClock } from './clock.js';

// Below 2^31, from where on a timer would fire at once.
const MAX_TIMER_MS = 2_000_000_000;

/** The session's time: what has passed, what is to happen later, and for how long anything is waited for. */
export interface Time {
  /**
   * Milliseconds on a clock that never steps back and never stands still: between two readings, as many have passed as
   * the larger of what the wall clock (which may be set back) and the monotonic clock (which may stop while a phone
   * sleeps) says. Where it starts means nothing.
   */
  readonly now: () => number;
  /** Calls back once, and lets a Node process end before that; the returned function stops the timer. */
  start(delayMs: number, callback: () => void): () => void;
  /** Resolves as `work`, which must not reject, or to `late` when the limit is reached or `work` has no result. */
  limit<T, Late = 'timeout'>(work: Promise<T>, late?: Late): Promise<T | Late>;
  /** The limit of everything is reached at once; none of its timers is left. */
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
