/** The part of the global object that tells and keeps time; a fake one, such as `@sinonjs/fake-timers` makes, fits too. */
export interface RefreshTokenClock {
  readonly Date: { now(): number };
  readonly performance?: { now(): number };
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

// Below 2^31, from where on a timer would fire at once.
const MAX_TIMER_MS = 2_000_000_000;

/** Calls back once, and lets a Node process end before that; the returned function stops the timer. */
export const startTimer = (clock: RefreshTokenClock, delayMs: number, callback: () => void): (() => void) => {
  const timer = clock.setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
  // Browsers and React Native have numbers here.
  (timer as { unref?(): void } | undefined)?.unref?.();
  return () => clock.clearTimeout(timer);
};

/**
 * Gives a clock that never steps back and never stands still: between two readings, as many milliseconds have passed
 * as the larger of what the wall clock (which may be set back) and the monotonic clock (which may stop while a phone
 * sleeps) says. Where it starts means nothing.
 */
export const startTimeline = (clock: RefreshTokenClock): (() => number) => {
  let passedMs = 0;
  let wallMs = 0;
  let monotonicMs = 0;
  return () => {
    const newWallMs = clock.Date.now();
    const newMonotonicMs = clock.performance?.now() ?? 0;
    passedMs += Math.max(newWallMs - wallMs, newMonotonicMs - monotonicMs);
    wallMs = newWallMs;
    monotonicMs = newMonotonicMs;
    return passedMs;
  };
};
