const MIN_EARLY_END_INTERVAL_MS = 30_000;
// The first pause. Each further one is twice as long, up to the factor; chance adds up to a quarter.
const UNAUTHORIZED_PAUSE_MS = 30_000;
const FAILURE_PAUSE_MS = 5_000;
const MAX_PAUSE_FACTOR = 8;

/** The time after a failure in which nothing is sent; it grows with each failure in a row. */
export const makePause = () => {
  let until = 0;
  let factor = 0.5;
  let refused = '';
  let endableAt = 0;

  /** Ends a running pause, once in 30 seconds at most. */
  const end = (now: number): void => {
    if (now >= until || now < endableAt) return;
    endableAt = now + MIN_EARLY_END_INTERVAL_MS;
    until = 0;
  };

  return {
    end,
    /** When it ends. */
    dueAt: () => until,

    /** Whether it is running, and other headers would not end it. */
    isDeaf: (now: number): boolean => now < until && !refused,

    /** Ends a pause for refused headers if the app has others now, or none because the user has signed out. */
    heed(now: number, headers: string | undefined): void {
      if (refused && headers !== refused) end(now);
    },

    /** Begins after a failure, and returns its milliseconds. Leaves a running pause as it is, and returns 0. */
    start(now: number, chance: number, newlyRefused: string, retryAfterMs: number): number {
      if (now < until) return 0;
      factor = !refused === !newlyRefused ? Math.min(factor * 2, MAX_PAUSE_FACTOR) : 1;
      refused = newlyRefused;
      const firstMs = refused ? UNAUTHORIZED_PAUSE_MS : FAILURE_PAUSE_MS;
      const pauseMs = retryAfterMs || firstMs * factor * (1 + chance / 4);
      until = now + pauseMs;
      // A wait that the endpoint asks for is not ended early.
      if (retryAfterMs) endableAt = Math.max(endableAt, until);
      return pauseMs;
    },

    /** After a success, the next pause is a first one again. */
    reset(): void {
      factor = 0.5;
    },
  };
};
