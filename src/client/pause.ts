const MIN_EARLY_END_INTERVAL_MS = 30_000;
// The first pause; each further one is twice as long, up to the factor, and a quarter of chance comes on top.
const UNAUTHORIZED_PAUSE_MS = 30_000;
const FAILURE_PAUSE_MS = 5_000;
const MAX_PAUSE_FACTOR = 8;

/** The time after a failure in which nothing is sent; it grows with each failure in a row. */
export const makePause = () => {
  let until = 0;
  let factor = 0.5;
  let refused = '';
  let endableAt = 0;
  /** Whether the endpoint asked for it: that is not ended early. */
  let isAskedFor = false;

  /** Ends a running pause, once in 30 seconds at most. */
  const endEarly = (now: number): void => {
    if (isAskedFor || now >= until || now < endableAt) return;
    endableAt = now + MIN_EARLY_END_INTERVAL_MS;
    until = 0;
  };

  return {
    end: endEarly,
    /** When it ends. */
    dueAt: () => until,

    /** Whether nothing may be sent, whatever the headers. */
    isDeaf: (now: number): boolean => now < until && !refused,

    /** Whether these headers may be sent: others than the refused ones end the pause, if it may be ended. */
    allows(now: number, headers: string): boolean {
      if (refused && headers !== refused) endEarly(now);
      return now >= until;
    },

    /** Begins after a failure, and returns its milliseconds; a running pause goes on as it is, which is 0. */
    start(now: number, chance: number, newlyRefused = '', retryAfterMs = 0): number {
      if (now < until) return 0;
      factor = !refused === !newlyRefused ? Math.min(factor * 2, MAX_PAUSE_FACTOR) : 1;
      refused = newlyRefused;
      const firstMs = refused ? UNAUTHORIZED_PAUSE_MS : FAILURE_PAUSE_MS;
      const pauseMs = retryAfterMs || firstMs * factor * (1 + chance / 4);
      until = now + pauseMs;
      isAskedFor = !!retryAfterMs;
      return pauseMs;
    },

    /** After a success, the next pause is a first one again. */
    reset(): void {
      factor = 0.5;
    },
  };
};
