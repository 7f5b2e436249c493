import type { Clock, Random } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { asNudgeAuthError, NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import type { TokenSource } from '../vendor/token-source.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { Backoff, LONGEST_BACKOFF_MS } from './backoff.js';
import { pausedElsewhere, SHORTEST_CALL_MS, type CallQueue } from './call-queue.js';
import {
  LocalRefusal,
  timeout,
  RightLost,
  type RenewalCall,
  type RenewedToken,
  type TokenRenewer,
} from './renewal.js';
import type { SharedCallBudget } from './shared-call-budget.js';

/** Failures that every call from here would meet. The others are about one token. */
const SHARED_FAILURES: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_RATE_LIMITED',
  'NUDGE_CREDENTIALS_REJECTED',
]);

/** A call's turn: how many pauses of all processes were known of when it was given. */
interface Turn {
  pauses: number | undefined;
}

/** Whether a failure holds back every call of this egress, not only those for the same token. */
export function isSharedFailure(code: NudgeAuthErrorCode): boolean {
  return SHARED_FAILURES.has(code);
}

/**
 * The way to the vendor: the budget, the backoff after failures, the pause after a 429. After a wait one call goes ahead
 * to try, and the others follow when it comes back well.
 */
export class Egress implements TokenRenewer {
  readonly #source: TokenSource;
  readonly #queue: CallQueue;
  readonly #events: NudgeAuthEvents;
  readonly #backoff: Backoff;
  readonly #shared: SharedCallBudget | undefined;
  #lastFailure: NudgeAuthError | undefined;
  #probe: Promise<unknown> | undefined;
  /** Rises with every failure: a call that began before one says nothing of what has been since. */
  #epoch = 0;

  /** @param shared the budget that other processes are told through of a 429; without one they are not. */
  constructor(
    source: TokenSource,
    queue: CallQueue,
    events: NudgeAuthEvents,
    clock: Clock,
    random: Random,
    shared?: SharedCallBudget,
  ) {
    this.#source = source;
    this.#queue = queue;
    this.#events = events;
    this.#backoff = new Backoff(clock, random);
    this.#shared = shared;
  }

  refusal(): LocalRefusal | undefined {
    const retryAfterMs = this.#backoff.remainingMs();
    if (retryAfterMs === 0 || this.#lastFailure === undefined) {
      const pausedForMs = this.#shared?.pausedForMs() ?? 0;
      return pausedForMs > 0 ? pausedElsewhere(pausedForMs) : undefined;
    }
    const { code, message, cause } = this.#lastFailure;
    return new LocalRefusal(code, message, { retryAfterMs, ...(cause === undefined ? {} : { cause }) });
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    const { deadline, demand, patience } = call;
    // While another call from here tries, somebody else may have the right that this one has, and make use of it.
    if (call.mayCall !== undefined && this.#probe !== undefined && this.refusal() === undefined) {
      throw new RightLost();
    }
    await this.#whenClear(deadline, () => this.#queue.admit(demand, deadline, patience));
    const turn: Turn = { pauses: this.#shared?.pauses };
    try {
      // Again: while it waited for its turn a pause may have begun, or another call gone ahead to try.
      return await this.#whenClear(deadline, () => this.#callVendor(call, turn));
    } catch (error) {
      this.#shared?.failed(turn.pauses);
      throw error;
    }
  }

  /**
   * Runs `next` when nothing holds it back: while one call tries whether the vendor is back, the others wait for its
   * outcome. Nothing is awaited between the look and the start, so that no two calls go ahead together.
   */
  async #whenClear<T>(deadline: Deadline, next: () => Promise<T>): Promise<T> {
    for (;;) {
      const refusal = this.refusal();
      if (refusal !== undefined) throw refusal;
      if (this.#probe === undefined) return next();
      await deadline.race(this.#probe, timeout);
    }
  }

  #callVendor(call: RenewalCall, turn: Turn): Promise<RenewedToken> {
    const work = this.#fetch(call, turn);
    if (this.#backoff.failures > 0) {
      const end = (): void => {
        this.#probe = undefined;
      };
      this.#probe = work.then(end, end);
    }
    return work;
  }

  async #fetch(call: RenewalCall, turn: Turn): Promise<RenewedToken> {
    const { request, deadline, demand, newerThan, patience } = call;
    if (call.mayCall?.() === false) throw new RightLost();
    if (deadline.remainingMs() < SHORTEST_CALL_MS) throw timeout();
    const epoch = this.#epoch;
    try {
      const fetched = await deadline.race(
        this.#source.fetchToken(request, deadline, {
          mayCallAgain: async () => {
            if ((await call.mayCallAgain?.()) === false || !(await this.#queue.takeMore(patience)))
              return false;
            turn.pauses = this.#shared?.pauses;
            return true;
          },
          gotNoAnswer: () => {
            this.#shared?.failed(turn.pauses);
            call.gotNoAnswer?.();
          },
        }),
        timeout,
      );
      this.#shared?.succeeded(turn.pauses);
      this.#succeeded(epoch);
      return { ...fetched, from: 'vendor', fence: newerThan };
    } catch (error) {
      const failure = asNudgeAuthError(error);
      // That nobody waited for it to the end says little of the vendor, and must not hold back who comes now.
      if (!demand.isDropped || failure.code !== 'NUDGE_TIMEOUT') this.#failed(failure, epoch);
      // Before anybody else gets the right to call: they would be refused as well.
      if (failure.code === 'NUDGE_RATE_LIMITED')
        await this.#shared?.pause(this.#backoff.remainingMs(), patience);
      throw failure;
    }
  }

  #succeeded(epoch: number): void {
    if (epoch !== this.#epoch) return;
    const { failures } = this.#backoff;
    const failedForMs = this.#backoff.succeed();
    this.#lastFailure = undefined;
    if (failedForMs !== undefined) this.#events.emit({ type: 'recovered', failures, failedForMs });
  }

  #failed(error: NudgeAuthError, epoch: number): void {
    if (!isSharedFailure(error.code)) return;
    const atLeastMs = error.code === 'NUDGE_CREDENTIALS_REJECTED' ? LONGEST_BACKOFF_MS : error.retryAfterMs;
    if (epoch === this.#epoch) {
      this.#epoch += 1;
      this.#backoff.fail({ atLeastMs });
      this.#lastFailure = error;
    } else if (this.#backoff.extend(atLeastMs)) {
      // Several calls that fail together are one failure; only the longest wait that is asked for counts.
      this.#lastFailure = error;
    }
    if (error.code === 'NUDGE_RATE_LIMITED') {
      this.#events.emit({ type: 'paused', forMs: this.#backoff.remainingMs() });
    }
  }
}
