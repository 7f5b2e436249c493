import type { Clock, Random } from '../common/clock.js';
import { asNudgeAuthError, NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import type { TokenSource } from '../source/token-source.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { Backoff, LONGEST_BACKOFF_MS } from './backoff.js';
import { SHORTEST_CALL_MS, type CallQueue } from './call-queue.js';
import { LocalRefusal, type RenewalCall, type RenewedToken, type TokenRenewer } from './renewal.js';

/** Failures that every call from here would meet. The others are about one token. */
const SHARED_FAILURES: ReadonlySet<NudgeAuthErrorCode> = new Set([
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_RATE_LIMITED',
  'NUDGE_CREDENTIALS_REJECTED',
]);

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
  #lastFailure: NudgeAuthError | undefined;
  #probe: Promise<unknown> | undefined;
  /** Rises with every failure: a call that began before one says nothing of what has been since. */
  #epoch = 0;

  constructor(source: TokenSource, queue: CallQueue, events: NudgeAuthEvents, clock: Clock, random: Random) {
    this.#source = source;
    this.#queue = queue;
    this.#events = events;
    this.#backoff = new Backoff(clock, random);
  }

  refusal(): LocalRefusal | undefined {
    const retryAfterMs = this.#backoff.remainingMs();
    if (retryAfterMs === 0 || this.#lastFailure === undefined) return undefined;
    const { code, message, cause } = this.#lastFailure;
    return new LocalRefusal(code, message, { retryAfterMs, ...(cause === undefined ? {} : { cause }) });
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    await this.#untilProbed(call);
    const work = this.#callVendor(call);
    if (this.#backoff.failures === 0) return work;
    const probe = work.then(
      () => undefined,
      () => undefined,
    );
    this.#probe = probe;
    void probe.finally(() => {
      if (this.#probe === probe) this.#probe = undefined;
    });
    return work;
  }

  /** While one call tries whether the vendor is back, the others wait for its outcome. */
  async #untilProbed({ deadline }: RenewalCall): Promise<void> {
    for (;;) {
      const refusal = this.refusal();
      if (refusal !== undefined) throw refusal;
      if (this.#probe === undefined) return;
      await deadline.race(this.#probe, timeout);
    }
  }

  async #callVendor({ request, deadline, demand, newerThan }: RenewalCall): Promise<RenewedToken> {
    await this.#queue.admit(demand, deadline);
    // A pause may have begun while the call waited for its turn.
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
    if (deadline.remainingMs() < SHORTEST_CALL_MS) throw timeout();
    const epoch = this.#epoch;
    try {
      const fetched = await deadline.race(this.#source.fetchToken(request, deadline), timeout);
      this.#succeeded(epoch);
      return { ...fetched, from: 'vendor', fence: newerThan };
    } catch (error) {
      const failure = asNudgeAuthError(error);
      this.#failed(failure, epoch);
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

function timeout(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TIMEOUT', 'No token came within the deadline');
}
