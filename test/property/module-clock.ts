import type { Cancel, Clock, Instant } from '../../src/common/clock.js';

/** The module's clock. It knows the timers of the module, without those of the vendor and the callers. */
export class ModuleClock implements Clock {
  readonly pending = new Set<() => void>();
  readonly #inner: Clock;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): Instant {
    return this.#inner.now();
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const run = (): void => {
      this.pending.delete(run);
      callback();
    };
    this.pending.add(run);
    const cancel = this.#inner.schedule(delayMs, run);
    return () => {
      this.pending.delete(run);
      cancel();
    };
  }
}
