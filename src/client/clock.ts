/**
 * The part of the global object that gives the time and sets timers. A fake of `@sinonjs/fake-timers` fits, too.
 *
 * @publicApi
 */
export interface RefreshTokenClock {
  readonly Date: { now(): number };
  readonly performance?: { now(): number };
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}
