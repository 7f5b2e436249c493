import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import { ProcessCallBudget, type CallUrgency } from '../vendor/call-budget.js';
import { PROBE_MS, PROBE_POLL_MS } from './pause-probe.js';
import type { SharedCallLimits, SharedPause } from './token-store.js';

/** The call limits that the caches of one process share. */
export class MemoryCallLimits implements SharedCallLimits {
  readonly #clock: Clock;
  readonly #budgets = new Map<number, ProcessCallBudget>();
  #pause: { readonly since: Instant; readonly durationMs: number; probedAt: Instant | undefined } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take(urgency: CallUrgency, callsPerMinute: number): Promise<number> {
    const known = this.#budgets.get(callsPerMinute);
    const budget = known ?? new ProcessCallBudget(callsPerMinute, this.#clock);
    if (known === undefined) this.#budgets.set(callsPerMinute, budget);
    return budget.take(urgency);
  }

  async pause(): Promise<SharedPause> {
    const pause = this.#pause;
    if (pause === undefined) return { remainingMs: 0, isProbe: false };
    const now = this.#clock.now();
    const remainingMs = pause.durationMs - elapsedMs(pause.since, now);
    if (remainingMs > 0) return { remainingMs, isProbe: false };
    if (pause.probedAt !== undefined && elapsedMs(pause.probedAt, now) < PROBE_MS) {
      return { remainingMs: PROBE_POLL_MS, isProbe: false };
    }
    pause.probedAt = now;
    return { remainingMs: 0, isProbe: true };
  }

  async beginPause(askedForMs: number): Promise<void> {
    const durationMs = Math.min(LONGEST_BACKOFF_MS, askedForMs);
    const now = this.#clock.now();
    const pause = this.#pause;
    const restMs = pause === undefined ? 0 : pause.durationMs - elapsedMs(pause.since, now);
    if (pause?.probedAt === undefined && restMs > durationMs) return;
    this.#pause = { since: now, durationMs, probedAt: undefined };
  }

  async endPause(): Promise<void> {
    this.#pause = undefined;
  }

  async giveBackProbe(): Promise<void> {
    if (this.#pause !== undefined) this.#pause.probedAt = undefined;
  }

  async look(): Promise<void> {
    // The limits of a process are always available.
  }
}
