import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import { ProcessCallBudget, type CallUrgency } from '../vendor/call-budget.js';
import { PROBE_MS, PROBE_POLL_MS, type SharedAdmission, type SharedCallLimits } from './token-store.js';

/** The call limits that the caches of one process share. */
export class MemoryCallLimits implements SharedCallLimits {
  readonly #clock: Clock;
  readonly #budgets = new Map<number, ProcessCallBudget>();
  #pause: { readonly since: Instant; readonly durationMs: number; probedAt: Instant | undefined } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take(urgency: CallUrgency, callsPerMinute: number): Promise<SharedAdmission> {
    const pausedForMs = this.#pausedForMs();
    if (pausedForMs > 0) return { pausedForMs, waitMs: 0, isProbe: false };
    const waitMs = this.#budgetOf(callsPerMinute).take(urgency);
    if (waitMs > 0 || this.#pause === undefined) return { pausedForMs: 0, waitMs, isProbe: false };
    this.#pause.probedAt = this.#clock.now();
    return { pausedForMs: 0, waitMs: 0, isProbe: true };
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

  /** How long the pause still lasts, or how long to wait for the probe of another caller. */
  #pausedForMs(): number {
    const pause = this.#pause;
    if (pause === undefined) return 0;
    const now = this.#clock.now();
    const remainingMs = pause.durationMs - elapsedMs(pause.since, now);
    if (remainingMs > 0) return remainingMs;
    const isProbed = pause.probedAt !== undefined && elapsedMs(pause.probedAt, now) < PROBE_MS;
    return isProbed ? PROBE_POLL_MS : 0;
  }

  #budgetOf(callsPerMinute: number): ProcessCallBudget {
    const known = this.#budgets.get(callsPerMinute);
    const budget = known ?? new ProcessCallBudget(callsPerMinute, this.#clock);
    if (known === undefined) this.#budgets.set(callsPerMinute, budget);
    return budget;
  }
}
