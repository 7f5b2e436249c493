import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { LONGEST_BACKOFF_MS } from '../vendor/backoff.js';
import {
  ProcessCallBudget,
  type CallBudget,
  type CallUrgency,
  type CallPause,
} from '../vendor/call-budget.js';
import type { TimeBudget } from '../common/deadline.js';
import { STORE_LOST, type StoreCircuitBreaker } from './store-circuit-breaker.js';
import type { SharedCallLimits } from './token-store.js';

/** The share of the fleet's budget that each process may spend while the store is lost and cannot count the calls. */
const SHARE_WITHOUT_STORE = 1 / 10;

interface Wait {
  readonly since: Instant;
  readonly forMs: number;
}

/** The budget and the pause that all processes share. While the store is lost each process has a tenth of the budget. */
export class SharedCallBudget implements CallBudget, CallPause {
  readonly #limits: SharedCallLimits;
  readonly #callsPerMinute: number;
  readonly #alone: ProcessCallBudget;
  readonly #breaker: StoreCircuitBreaker;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  /** The waits in the last answers of the store. Until one has passed, this process does not ask again. */
  readonly #waits = new Map<CallUrgency | 'pause', Wait>();
  #isPauseKnown = false;
  #count = 0;
  /** Whether this process has the probe that tests whether the pause is over. */
  #isProbe = false;

  constructor(
    limits: SharedCallLimits,
    callsPerMinute: number,
    breaker: StoreCircuitBreaker,
    events: NudgeAuthEvents,
    clock: Clock,
  ) {
    this.#limits = limits;
    this.#callsPerMinute = callsPerMinute;
    this.#alone = new ProcessCallBudget(Math.max(1, callsPerMinute * SHARE_WITHOUT_STORE), clock);
    this.#breaker = breaker;
    this.#events = events;
    this.#clock = clock;
  }

  async take(urgency: CallUrgency, timeBudget: TimeBudget = this.#breaker.timeBudget()): Promise<number> {
    const knownMs = Math.max(this.pausedForMs(), this.#waitMs('urgent'), this.#waitMs(urgency));
    if (knownMs > 0) return knownMs;
    const waitMs = await this.#breaker.ask('budget', timeBudget, () => this.#ask(urgency));
    return waitMs === STORE_LOST ? this.#alone.take(urgency) : waitMs;
  }

  pausedForMs(): number {
    return this.#waitMs('pause');
  }

  /** The number of pauses that this process began or met. A call from before the last pause must not end it. */
  get count(): number {
    return this.#count;
  }

  /** Begins a pause for all processes after a 429. The caller waits for the store within its time budget only. */
  async begin(durationMs: number, timeBudget: TimeBudget = this.#breaker.timeBudget()): Promise<void> {
    this.#count += 1;
    this.#isPauseKnown = true;
    this.#isProbe = false;
    await timeBudget.atMost(this.#tell(() => this.#limits.beginPause(durationMs)));
  }

  /** Ends the pause for all processes because the vendor has answered. `count` is the value of `count` when the call began. */
  callSucceeded(count: number | undefined): void {
    if (count !== this.#count) return;
    this.#waits.delete('pause');
    this.#isProbe = false;
    if (!this.#isPauseKnown) return;
    this.#isPauseKnown = false;
    void this.#tell(() => this.#limits.endPause());
  }

  /** A call has failed. If it was the probe, this process gives the probe back, so that another process can send it. */
  callFailed(count: number | undefined): void {
    if (!this.#isProbe || count !== this.#count) return;
    this.#isProbe = false;
    void this.#tell(() => this.#limits.giveBackProbe());
  }

  async #ask(urgency: CallUrgency): Promise<number> {
    const admission = await this.#limits.take(urgency, this.#callsPerMinute);
    const pausedForMs = this.#remember('pause', admission.pausedForMs);
    const waitMs = this.#remember(urgency, admission.waitMs);
    this.#isProbe ||= admission.isProbe;
    const isPause = admission.isProbe || pausedForMs > 0;
    if (isPause && !this.#isPauseKnown) this.#count += 1;
    this.#isPauseKnown = isPause;
    if (pausedForMs > 0) this.#events.emit({ type: 'paused', forMs: pausedForMs });
    return Math.max(pausedForMs, waitMs);
  }

  /** Limits the wait to the longest backoff, so that a wrong answer of the store cannot stop callers for longer. */
  #remember(what: CallUrgency | 'pause', saidMs: number): number {
    const forMs = Number.isFinite(saidMs) ? Math.min(LONGEST_BACKOFF_MS, Math.max(0, saidMs)) : 0;
    this.#waits.set(what, { since: this.#clock.now(), forMs });
    return forMs;
  }

  #waitMs(what: CallUrgency | 'pause'): number {
    const wait = this.#waits.get(what);
    return wait === undefined ? 0 : Math.max(0, wait.forMs - elapsedMs(wait.since, this.#clock.now()));
  }

  /** Tells the store. If that fails, the other processes learn it from the vendor. */
  async #tell(work: () => Promise<void>): Promise<void> {
    await this.#breaker.ask('pause', this.#breaker.timeBudget(), work);
  }
}
