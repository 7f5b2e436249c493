/** The part of the global object that tells and keeps time; a fake one, such as `@sinonjs/fake-timers` makes, fits too. */
export interface RefreshTokenClock {
  readonly Date: { now(): number };
  readonly performance?: { now(): number };
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

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
