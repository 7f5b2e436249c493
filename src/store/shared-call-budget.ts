import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import { ProcessCallBudget, type CallBudget, type CallUrgency } from '../vendor/call-budget.js';
import type { TimeBudget } from '../common/time-budget.js';
import { LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { SharedCallLimits, SharedPause } from './token-store.js';

/** What a process may spend of the budget of all while it cannot be counted. */
const SHARE_WITHOUT_STORE = 1 / 10;

interface Wait {
  readonly since: Instant;
  readonly forMs: number;
}

/** The budget and the pause of all processes that share a store; a tenth of the budget while the store is lost. */
export class SharedCallBudget implements CallBudget {
  readonly #egress: SharedCallLimits;
  readonly #callsPerMinute: number;
  readonly #alone: ProcessCallBudget;
  readonly #guard: StoreCircuitBreaker;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  /** What the store said last: it need not be asked again before. */
  readonly #waits = new Map<CallUrgency | 'pause', Wait>();
  #isPauseKnown = false;
  #pauses = 0;
  /** Whether it is for this process to try whether the pause is over. */
  #isProbe = false;

  constructor(
    egress: SharedCallLimits,
    callsPerMinute: number,
    guard: StoreCircuitBreaker,
    events: NudgeAuthEvents,
    clock: Clock,
  ) {
    this.#egress = egress;
    this.#callsPerMinute = callsPerMinute;
    this.#alone = new ProcessCallBudget(Math.max(1, callsPerMinute * SHARE_WITHOUT_STORE));
    this.#guard = guard;
    this.#events = events;
    this.#clock = clock;
  }

  async take(urgency: CallUrgency, timeBudget: TimeBudget = this.#guard.timeBudget()): Promise<number> {
    const knownMs = Math.max(this.pausedForMs(), this.#waitMs('urgent'), this.#waitMs(urgency));
    if (knownMs > 0) return knownMs;
    const waitMs = await this.#guard.ask('budget', timeBudget, () => this.#ask(urgency));
    return waitMs === LOST ? this.#alone.take(urgency) : waitMs;
  }

  pausedForMs(): number {
    return this.#waitMs('pause');
  }

  /** How many pauses were begun or met with. A call that got its turn before the last one says nothing of that one. */
  get pauses(): number {
    return this.#pauses;
  }

  /** Tells the others of a 429. Whoever has met with it waits for that only as long as for any store. */
  async pause(durationMs: number, timeBudget: TimeBudget = this.#guard.timeBudget()): Promise<void> {
    this.#pauses += 1;
    this.#isPauseKnown = true;
    this.#isProbe = false;
    await timeBudget.atMost(this.#tell(() => this.#egress.beginPause(durationMs)));
  }

  /** Tells the others that the vendor answers, by a call that got its turn at that many `pauses`. */
  succeeded(pauses: number | undefined): void {
    if (pauses !== this.#pauses) return;
    this.#waits.delete('pause');
    this.#isProbe = false;
    if (!this.#isPauseKnown) return;
    this.#isPauseKnown = false;
    void this.#tell(() => this.#egress.endPause());
  }

  /** A call came to nothing. If it was to try whether the pause is over, that is for another process to do. */
  failed(pauses: number | undefined = this.#pauses): void {
    if (!this.#isProbe || pauses !== this.#pauses) return;
    this.#isProbe = false;
    void this.#tell(() => this.#egress.giveBackProbe());
  }

  async #ask(urgency: CallUrgency): Promise<number> {
    if (this.#isPauseKnown) {
      // Whoever only waits for the end of a pause must not use up the budget meanwhile.
      const pause = await this.#askForPause();
      return pause.remainingMs > 0 ? pause.remainingMs : this.#askForCall(urgency, pause);
    }
    // Somebody waits, and the two stand apart: one trip instead of two.
    const asking = this.#askForPause();
    const [pause, waitMs] = await Promise.all([asking, this.#askForCall(urgency, asking)]);
    return Math.max(pause.remainingMs, waitMs);
  }

  async #askForPause(): Promise<SharedPause> {
    const { remainingMs, isProbe } = await this.#egress.pause();
    const pausedForMs = this.#remember('pause', remainingMs);
    if (isProbe) this.#isProbe = true;
    if ((isProbe || pausedForMs > 0) && !this.#isPauseKnown) this.#pauses += 1;
    this.#isPauseKnown = isProbe || pausedForMs > 0;
    if (pausedForMs > 0) this.#events.emit({ type: 'paused', forMs: pausedForMs });
    return { remainingMs: pausedForMs, isProbe };
  }

  async #askForCall(urgency: CallUrgency, pause: SharedPause | Promise<SharedPause>): Promise<number> {
    const waitMs = this.#remember(urgency, await this.#egress.take(urgency, this.#callsPerMinute));
    if (waitMs > 0 && (await pause).isProbe) this.failed();
    return waitMs;
  }

  /** Whatever the store says: nobody waits longer for it than for any vendor. */
  #remember(what: CallUrgency | 'pause', saidMs: number): number {
    const forMs = Number.isFinite(saidMs) ? Math.min(LONGEST_BACKOFF_MS, Math.max(0, saidMs)) : 0;
    this.#waits.set(what, { since: this.#clock.now(), forMs });
    return forMs;
  }

  #waitMs(what: CallUrgency | 'pause'): number {
    const wait = this.#waits.get(what);
    return wait === undefined ? 0 : Math.max(0, wait.forMs - elapsedMs(wait.since, this.#clock.now()));
  }

  /** Who does not hear of it asks the vendor, and is told there. */
  async #tell(work: () => Promise<void>): Promise<void> {
    await this.#guard.ask('pause', this.#guard.timeBudget(), work);
  }
}
