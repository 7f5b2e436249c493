import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { ProcessCallBudget, type CallBudget, type CallUrgency } from './call-budget.js';
import { LOST, type StoreGuard } from './store-guard.js';
import type { FleetEgress } from './token-store.js';

/** What a process may spend of the budget of all while it cannot be counted. */
const SHARE_WITHOUT_STORE = 1 / 10;

interface Wait {
  readonly since: Instant;
  readonly forMs: number;
}

/** The budget and the pause of all processes that share a store; a tenth of the budget while the store is lost. */
export class SharedCallBudget implements CallBudget {
  readonly #egress: FleetEgress;
  readonly #callsPerMinute: number;
  readonly #alone: ProcessCallBudget;
  readonly #guard: StoreGuard;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  /** What the store said last: it need not be asked again before. */
  readonly #waits = new Map<CallUrgency | 'pause', Wait>();
  #isPauseKnown = false;

  constructor(
    egress: FleetEgress,
    callsPerMinute: number,
    guard: StoreGuard,
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

  async take(urgency: CallUrgency): Promise<number> {
    const knownMs = Math.max(this.pausedForMs(), this.#waitMs('urgent'), this.#waitMs(urgency));
    if (knownMs > 0) return knownMs;
    const waitMs = await this.#guard.ask('budget', this.#guard.patience(), () => this.#ask(urgency));
    return waitMs === LOST ? this.#alone.take(urgency) : waitMs;
  }

  pausedForMs(): number {
    return this.#waitMs('pause');
  }

  /** Tells the others of a 429. */
  async pause(durationMs: number): Promise<void> {
    this.#isPauseKnown = true;
    await this.#tell(() => this.#egress.beginPause(durationMs));
  }

  /** Tells the others that the vendor answers. */
  succeeded(): void {
    this.#waits.delete('pause');
    if (!this.#isPauseKnown) return;
    this.#isPauseKnown = false;
    void this.#tell(() => this.#egress.endPause());
  }

  async #ask(urgency: CallUrgency): Promise<number> {
    const waitMs = await this.#egress.take(urgency, this.#callsPerMinute);
    if (waitMs > 0) return this.#remember(urgency, waitMs);
    const { remainingMs, isProbe } = await this.#egress.pause();
    if (isProbe || remainingMs > 0) this.#isPauseKnown = true;
    if (remainingMs > 0) this.#events.emit({ type: 'paused', forMs: remainingMs });
    return this.#remember('pause', remainingMs);
  }

  #remember(what: CallUrgency | 'pause', forMs: number): number {
    this.#waits.set(what, { since: this.#clock.now(), forMs });
    return forMs;
  }

  #waitMs(what: CallUrgency | 'pause'): number {
    const wait = this.#waits.get(what);
    return wait === undefined ? 0 : Math.max(0, wait.forMs - elapsedMs(wait.since, this.#clock.now()));
  }

  /** Who does not hear of it asks the vendor, and is told there. */
  async #tell(work: () => Promise<void>): Promise<void> {
    await this.#guard.ask('pause', this.#guard.patience(), work);
  }
}
