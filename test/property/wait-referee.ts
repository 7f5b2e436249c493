import assert from 'node:assert/strict';
import type { NudgeAuthError } from '../../src/common/errors.js';
import type { NudgeAuthEvent } from '../../src/telemetry/events.js';
import { LONGEST_BACKOFF_MS } from '../../src/vendor/backoff.js';
import { isSharedFailure } from '../../src/vendor/failures.js';
import type { History } from './history.js';
import type { Moment } from './referee.types.js';
import type { VendorCall } from './simulated-vendor.js';

/** Checks rule 4 of a token's life: after a failure the module waits, and then one call probes. */
export class WaitReferee {
  readonly #history: History;
  readonly #isClockSteady: boolean;
  readonly #now: () => Moment;
  readonly #untilLastMomentsMs: () => number;
  #blockedUntilMs = 0;
  /** The last call before the last failure, until a call succeeds. Calls from before it may still be under way. */
  #suspectSince: number | undefined;
  #lastCall = -1;
  #lastFailure: NudgeAuthError | undefined;
  /** Failures in a row: those that affect every call, and those of the one entry in client scope. */
  #failuresInARow = { ofAll: 0, ofEntry: 0 };

  constructor(history: History, isClockSteady: boolean, now: () => Moment, untilLastMomentsMs: () => number) {
    this.#history = history;
    this.#isClockSteady = isClockSteady;
    this.#now = now;
    this.#untilLastMomentsMs = untilLastMomentsMs;
  }

  /** @param earlier the last call of each entry, which may be over */
  callBegan({ order }: VendorCall, earlier: readonly VendorCall[]): void {
    if (this.#isClockSteady) {
      const { localMs } = this.#now();
      assert.ok(localMs >= this.#blockedUntilMs, 'rule 4: no attempt before its wait is over');
    }
    if (this.#suspectSince !== undefined) {
      const since = this.#suspectSince;
      const others = earlier.filter((one) => !one.isOver && one.order > since);
      assert.deepEqual(others, [], 'rule 4: after a wait one call probes, the others wait for it');
    }
    this.#lastCall = order;
  }

  callFailed(error: NudgeAuthError): void {
    this.#lastFailure = error;
  }

  observe(event: NudgeAuthEvent): void {
    if (event.type === 'recovered') {
      this.#suspectSince = undefined;
      this.#failuresInARow.ofAll = 0;
    }
    if (event.type === 'renewed') {
      this.#failuresInARow.ofEntry = event.isLonger ? 0 : this.#failuresInARow.ofEntry + 1;
      if (!event.isLonger) this.#blockForJitter(this.#failuresInARow.ofEntry);
    }
    if (event.type !== 'failed') return;
    assert.ok(event.retryInMs <= LONGEST_BACKOFF_MS, 'rule 4: no wait is longer than a minute');
    const isAboutAll = isSharedFailure(event.code);
    // Without a wait it is the late end of a call from before a recovery, or of a call whose entry was dropped.
    if (event.retryInMs > 0) {
      if (isAboutAll) this.#suspectSince = this.#lastCall;
      this.#blockForJitter(++this.#failuresInARow[isAboutAll ? 'ofAll' : 'ofEntry']);
    }
    if (isAboutAll || this.#history.scope === 'client') {
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#now().localMs + event.retryInMs);
    }
    const asked = this.#lastFailure;
    this.#lastFailure = undefined;
    // The module's own timeouts carry the same code as the vendor's.
    if (!this.#isClockSteady || asked?.code !== event.code || event.code === 'NUDGE_TIMEOUT') return;
    const askedForMs =
      event.code === 'NUDGE_CREDENTIALS_REJECTED' ? LONGEST_BACKOFF_MS : (asked.retryAfterMs ?? 0);
    const isKept = event.retryInMs >= Math.min(askedForMs, LONGEST_BACKOFF_MS) - 1;
    assert.ok(isKept, 'rule 4: a wait that the vendor asks for is kept, up to a minute');
  }

  /** With one entry and one process, every failure adds to the row, and its wait has a known lowest length. */
  #blockForJitter(failures: number): void {
    const { scope, withStore, cacheEnabled, leastChance } = this.#history;
    if (scope !== 'client' || withStore || !cacheEnabled) return;
    const jitterMs = leastChance * Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** (failures - 1));
    const leastMs = Math.min(jitterMs, this.#untilLastMomentsMs());
    if (leastMs === 0) this.#failuresInARow.ofEntry = 0;
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#now().localMs + leastMs - 1);
  }
}
