import type { Cancel, Clock, Instant } from '../common/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything run that is ready. No time passes. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that stands still until a test moves it, so that no test has to sleep.
 *
 * @publicApi
 */
export class ManualClock implements Clock {
  /** Sorted by the time they are due: the next timer stands last. */
  readonly #timers: Timer[] = [];
  #wallMs: number;
  #monotonicMs = 0;
  #scheduled = 0;

  /** @param wallMs epoch milliseconds to begin with. Default: a day in 2031. */
  constructor(wallMs = Date.UTC(2031, 4, 6, 7, 8, 9)) {
    this.#wallMs = wallMs;
  }

  now(): Instant {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#monotonicMs + delayMs, order: this.#scheduled++, callback };
    this.#timers.splice(this.#positionOf(timer), 0, timer);
    return () => {
      const position = this.#positionOf(timer);
      if (this.#timers[position] === timer) this.#timers.splice(position, 1);
    };
  }

  /** Milliseconds from now until each scheduled timer is due, the nearest first. */
  get pendingMs(): number[] {
    return this.#timers.map(({ dueMs }) => dueMs - this.#monotonicMs).toReversed();
  }

  /** Lets `ms` milliseconds pass. Each timer runs when it is due, in order. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let next = this.#takeNextUntil(endMs); next !== undefined; next = this.#takeNextUntil(endMs))
      this.#run(next);
    this.#passTo(endMs);
  }

  /**
   * As `advance`, but lets promises settle after each timer, so that code that awaits a timer goes on at that moment.
   */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#takeNextUntil(endMs); next !== undefined; next = this.#takeNextUntil(endMs)) {
      this.#run(next);
      await settle();
    }
    this.#passTo(endMs);
    await settle();
  }

  /** Sets the wall clock ahead by `ms` milliseconds, or back if `ms` is negative. No time passes. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  /**
   * Suspends the machine for `ms` milliseconds: the wall clock goes on, the monotonic one stands still, timers wait.
   */
  suspend(ms: number): void {
    this.#wallMs += ms;
  }

  /** The position where a timer stands or belongs. A binary search, because a test may have ten thousand timers. */
  #positionOf({ dueMs, order }: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      const isLater =
        other !== undefined && (other.dueMs > dueMs || (other.dueMs === dueMs && other.order > order));
      if (isLater) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #takeNextUntil(endMs: number): Timer | undefined {
    const next = this.#timers.at(-1);
    return next !== undefined && next.dueMs <= endMs ? this.#timers.pop() : undefined;
  }

  #run(timer: Timer): void {
    this.#passTo(Math.max(this.#monotonicMs, timer.dueMs));
    timer.callback();
  }

  #passTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
