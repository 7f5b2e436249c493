import type { Clock, Random } from '../common/clock.js';
import { passed, type Deadline } from '../common/deadline.js';
import { asNudgeAuthError, type NudgeAuthError } from '../common/errors.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { ApiKeys } from './api-keys.js';
import { Attempts, type AttemptOptions } from './attempts.js';
import { Backoff, LONGEST_BACKOFF_MS } from './backoff.js';
import type { CallPause } from './call-budget.js';
import { pausedElsewhere, type CallQueue } from './call-queue.js';
import { isSharedFailure, LocalRefusal, timeout } from './failures.js';
import { TransientFailure, type FetchedToken, type TokenSource } from './token-source.js';
import type { RenewalTurn, TurnEnded, VendorCall, VendorRequest } from './vendor-call.js';

interface VendorGatewayParts {
  readonly source: TokenSource;
  readonly apiKeys: ApiKeys;
  readonly queue: CallQueue;
  /** The tenant that makes the calls. */
  readonly lane?: string | undefined;
  /** The pause after a 429, if processes share it. */
  readonly pause?: CallPause | undefined;
  readonly options: AttemptOptions;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes all calls to the vendor. Every call obeys the budget, the backoff after failures and the pause after a 429, and
 * is repeated after a transient failure. After a backoff one call probes first, and the others follow when it succeeds.
 */
export class VendorGateway {
  readonly #parts: VendorGatewayParts;
  readonly #backoff: Backoff;
  #lastFailure: NudgeAuthError | undefined;
  /** Resolves when the call has ended that probes whether the vendor is back. */
  #probe: Promise<void> | undefined;
  /** Counts failures. A call that began before the last failure proves nothing about the time since. */
  #failures = 0;

  constructor(parts: VendorGatewayParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.clock, parts.random);
  }

  /** Why the vendor must not be called now (backoff or pause); `undefined` if it may be called. */
  refusal(): LocalRefusal | undefined {
    const retryAfterMs = this.#backoff.remainingMs();
    if (retryAfterMs === 0 || this.#lastFailure === undefined) {
      const pausedForMs = this.#parts.pause?.pausedForMs() ?? 0;
      return pausedForMs > 0 ? pausedElsewhere(pausedForMs) : undefined;
    }
    const { code, message, cause } = this.#lastFailure;
    return new LocalRefusal(code, message, { retryAfterMs, ...(cause === undefined ? {} : { cause }) });
  }

  /**
   * Fetches a new token.
   *
   * @throws {NudgeAuthError} for every failure, at the latest at the deadline.
   */
  async renew(request: VendorRequest): Promise<FetchedToken> {
    const call = this.prepare(request);
    try {
      return await this.goOn(call);
    } finally {
      call.end();
    }
  }

  /** Prepares a call for a caller that shares renewal turns with other processes. The caller must end the call. */
  prepare(request: VendorRequest): VendorCall {
    const { apiKeys, options, random } = this.#parts;
    const call: VendorCall = {
      ...request,
      attempts: new Attempts(apiKeys, options, request.deadline, random),
      isAdmitted: false,
      failure: undefined,
      knownPauses: undefined,
      knownFailures: this.#failures,
      end: () => this.#leave(call),
    };
    return call;
  }

  /** Ends the backoff after a refused key, because that key is no longer in use. */
  forgetRefusedKey(): void {
    if (this.#lastFailure?.code !== 'NUDGE_CREDENTIALS_REJECTED') return;
    this.#backoff.succeed();
    this.#lastFailure = undefined;
  }

  goOn(call: VendorCall): Promise<FetchedToken>;
  goOn(call: VendorCall, turn: RenewalTurn): Promise<FetchedToken | TurnEnded>;
  /**
   * Begins or continues the call: makes attempts until one succeeds, a failure is final, or the turn ends. A turn ends
   * after an attempt without an answer, because another process may still reach the vendor.
   *
   * @throws {NudgeAuthError} when a failure is final.
   */
  async goOn(call: VendorCall, turn?: RenewalTurn): Promise<FetchedToken | TurnEnded> {
    if (call.failure !== undefined) await this.#admitAgain(call, call.failure);
    else if (!(await this.#admit(call, turn))) return { againInMs: 0 };
    for (;;) {
      const outcome = await this.#attempt(call);
      if (!('pauseMs' in outcome)) return outcome;
      const { failure, pauseMs } = outcome;
      call.failure = failure;
      if (failure instanceof TransientFailure && !failure.isAnswered) {
        this.#parts.pause?.callFailed(call.knownPauses);
        if (turn !== undefined) return { againInMs: pauseMs };
      }
      if (pauseMs > 0) await passed(this.#parts.clock, pauseMs);
      if (turn?.mayCall() === false) return { againInMs: 0 };
      await this.#admitAgain(call, failure);
    }
  }

  /** Gives up a call whose turn has ended. Returns its last failure; `undefined` if it had none. */
  async giveUp(call: VendorCall): Promise<NudgeAuthError | undefined> {
    return call.failure && this.#failed(call, call.failure);
  }

  /** Waits until the budget admits the first attempt. `false` if the renewal turn has ended during the wait. */
  async #admit(call: VendorCall, turn: RenewalTurn | undefined): Promise<boolean> {
    const { deadline, priority, storeTimeBudget } = call;
    const { queue, pause, lane, events } = this.#parts;
    // While another call of this process probes, the turn is left to another process.
    if (turn !== undefined && this.#probe !== undefined && this.refusal() === undefined) return false;
    this.#leave(call);
    const place = () => events.counts.whileWaiting(queue.admit(priority, deadline, storeTimeBudget, lane));
    await this.#untilClear(deadline, place);
    call.isAdmitted = true;
    call.knownPauses = pause?.count;
    try {
      // Checked again: while the call waited, a pause may have begun or another call may have become the probe.
      return await this.#untilClear(deadline, () => this.#begin(call, turn));
    } catch (error) {
      pause?.callFailed(call.knownPauses);
      throw error;
    }
  }

  /** Frees the call's place among the calls under way. */
  #leave(call: VendorCall): void {
    if (!call.isAdmitted) return;
    call.isAdmitted = false;
    this.#parts.queue.ended(this.#parts.lane);
  }

  #begin(call: VendorCall, turn: RenewalTurn | undefined): boolean {
    if (turn?.mayCall() === false) {
      this.#parts.pause?.callFailed(call.knownPauses);
      return false;
    }
    if (!call.attempts.isTimeLeft) throw timeout();
    call.knownFailures = this.#failures;
    if (this.#backoff.failures > 0) {
      this.#probe = new Promise((resolve) => {
        call.end = () => {
          this.#leave(call);
          this.#probe = undefined;
          resolve();
        };
      });
    }
    return true;
  }

  /** Takes one more call from the budget. If there is none, the failure of the last attempt is thrown. */
  async #admitAgain(call: VendorCall, failure: NudgeAuthError): Promise<void> {
    const { attempts, storeTimeBudget } = call;
    const isTaken = attempts.isTimeLeft && (await this.#parts.queue.takeMore(storeTimeBudget));
    // The call may be the probe. If too little time is left for it now, the failure gives the probe back.
    if (isTaken) call.knownPauses = this.#parts.pause?.count;
    if (!isTaken || !attempts.isTimeLeft) throw await this.#failed(call, failure);
  }

  /** Makes one attempt. Returns the token, or the failure and the milliseconds to wait before the next attempt. */
  async #attempt(
    call: VendorCall,
  ): Promise<FetchedToken | { readonly failure: NudgeAuthError; readonly pauseMs: number }> {
    const { attempts, deadline, request } = call;
    try {
      const { key } = await attempts.key();
      const answer = this.#parts.source.fetchToken(request, key, attempts.timeoutMs);
      const fetched = await deadline.race(this.#parts.events.counts.vendorCalls.of(answer), timeout);
      attempts.succeeded();
      this.#succeeded(call);
      return fetched;
    } catch (error) {
      const failure = asNudgeAuthError(error);
      const pauseMs = await attempts.pauseAfterMs(failure).catch(asNudgeAuthError);
      if (typeof pauseMs === 'number') return { failure, pauseMs };
      throw await this.#failed(call, pauseMs ?? failure);
    }
  }

  #succeeded(call: VendorCall): void {
    this.#parts.pause?.callSucceeded(call.knownPauses);
    if (call.knownFailures !== this.#failures) return;
    const { failures } = this.#backoff;
    const failedForMs = this.#backoff.succeed();
    this.#lastFailure = undefined;
    if (failedForMs !== undefined) this.#parts.events.emit({ type: 'recovered', failures, failedForMs });
  }

  async #failed(call: VendorCall, failure: NudgeAuthError): Promise<NudgeAuthError> {
    // A timeout of a dropped renewal proves little about the vendor, so it must not hold back the next callers.
    if (!call.priority.isDropped || failure.code !== 'NUDGE_TIMEOUT') this.#backOff(call, failure);
    // Awaited before another process gets the turn: the vendor would refuse that call too.
    if (failure.code === 'NUDGE_RATE_LIMITED') {
      await this.#parts.pause?.begin(this.#backoff.remainingMs(), call.storeTimeBudget);
    }
    this.#parts.pause?.callFailed(call.knownPauses);
    return failure;
  }

  #backOff(call: VendorCall, failure: NudgeAuthError): void {
    if (!isSharedFailure(failure.code)) return;
    const atLeastMs =
      failure.code === 'NUDGE_CREDENTIALS_REJECTED' ? LONGEST_BACKOFF_MS : failure.retryAfterMs;
    if (call.knownFailures === this.#failures) {
      this.#failures += 1;
      this.#backoff.fail({ atLeastMs });
      this.#lastFailure = failure;
    } else if (this.#backoff.extend(atLeastMs)) {
      // Several calls that fail together count as one failure, with the longest wait that the vendor asked for.
      this.#lastFailure = failure;
    }
    if (failure.code === 'NUDGE_RATE_LIMITED') {
      this.#parts.events.emit({ type: 'paused', forMs: this.#backoff.remainingMs() });
    }
  }

  /**
   * Runs `next` when no backoff, pause or probe holds it back. Nothing is awaited between the check and the start, so
   * that two calls never probe together.
   */
  async #untilClear<T>(deadline: Deadline, next: () => T | Promise<T>): Promise<T> {
    for (;;) {
      const refusal = this.refusal();
      if (refusal !== undefined) throw refusal;
      if (this.#probe === undefined) return next();
      await deadline.race(this.#probe, timeout);
    }
  }
}
