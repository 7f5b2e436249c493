/**
 * The part of the global object that tells and keeps time; a fake one, such as `@sinonjs/fake-timers` makes, fits too.
 *
 * @publicApi
 */
export interface RefreshTokenClock {
  readonly Date: { now(): number };
  readonly performance?: { now(): number };
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}
