const MIN_EARLY_END_INTERVAL_MS = 30_000;
// The first pause. Each further pause is twice as long, up to this factor. Jitter adds up to a quarter.
const UNAUTHORIZED_PAUSE_MS = 30_000;
const FAILURE_PAUSE_MS = 5_000;
const MAX_PAUSE_FACTOR = 8;

/** The time after a failure in which the client sends no request. It grows with each failure in a row. */
export const makePause = () => {
  let until = 0;
  let factor = 0.5;
  let refused = '';
  let endableAt = 0;

  /** Ends a running pause early, at most once in 30 seconds. */
  const end = (now: number): void => {
    if (now >= endableAt && now < until) {
      endableAt = now + MIN_EARLY_END_INTERVAL_MS;
      until = 0;
    }
  };

  return {
    end,
    /** When the pause ends. */
    dueAt: () => until,

    /** Whether a pause is running that holds for all headers: new ones do not end it. */
    holds: (now: number): boolean => now < until && !refused,

    /** Sees the headers of the app. Other headers than the refused ones, or none after a sign-out, end a pause. */
    see(now: number, headers: string | undefined): void {
      if (refused && headers !== refused) end(now);
    },

    /** Starts a pause after a failure, and returns its milliseconds. Leaves a running pause as it is, and returns 0. */
    start(now: number, chance: number, newlyRefused: string, retryAfterMs: number): number {
      if (now < until) return 0;
      factor = !refused === !newlyRefused ? Math.min(factor * 2, MAX_PAUSE_FACTOR) : 1;
      refused = newlyRefused;
      const firstMs = refused ? UNAUTHORIZED_PAUSE_MS : FAILURE_PAUSE_MS;
      const pauseMs = Math.ceil(retryAfterMs || firstMs * factor * (1 + chance / 4));
      until = now + pauseMs;
      // A pause that the endpoint asks for must not end early.
      if (retryAfterMs) endableAt = Math.max(endableAt, until);
      return pauseMs;
    },

    /** Notes a success: the next pause is as short as the first one. */
    reset(): void {
      factor = 0.5;
    },
  };
};
