import assert from 'node:assert/strict';
import { isNudgeAuthError, type NudgeAuthError } from '../../src/common/errors.js';
import type { NudgeAuthEvent } from '../../src/telemetry/events.js';
import type { NudgeToken } from '../../src/token/nudge-token.js';
import { USERS, type History } from './history.js';
import type { IssuedToken, SimulatedVendor, VendorCall, VendorObserver } from './simulated-vendor.js';
import type { Caller, Delivery, Moment } from './referee.types.js';
import { WaitReferee } from './wait-referee.js';

export const DEADLINE_MS = 7_000;

/**
 * The cache is cautious: `Date` has whole seconds, the travel time counts against the token, and it subtracts one more
 * second. So the referee cannot tell on which side of a border the cache sees a token that is this close to it.
 */
const BORDER_MS = 10_000;

/** The lowest age at which the cache replaces a token because the API key has changed. */
const KEY_CHANGE_MS = 30_000;
/** Travel time and whole seconds move the border of freshness, with a slow vendor by a few seconds. */
const FRESH_BORDER_MS = 5_000;

/** Checks the eight rules of a token's life in every event of a history. */
export class Referee implements VendorObserver {
  readonly #history: History;
  readonly #vendor: SimulatedVendor;
  readonly #now: () => Moment;
  readonly #isClockSteady: boolean;
  /** Whether the cache may evict entries. */
  readonly #isCrowded: boolean;
  /** Whether the vendor never gives a reason for a failure. */
  readonly #isUntroubled: boolean;
  /** Whether the vendor at worst repeats its tokens, and the cache drops no token before its end. */
  readonly #isOnlyRepeating: boolean;
  readonly #underWay = new Map<string, VendorCall>();
  readonly #delivered = new Map<string, Delivery[]>();
  readonly #invalidatedAtOrder = new Map<string, number>();
  readonly #forcedAtMs = new Map<string, number>();
  /** Tokens that callers got who came after the last invalidation, so that the cache certainly holds them. */
  readonly #handedOut = new Set<string>();
  readonly #waits: WaitReferee;
  #isClosing = false;

  constructor(history: History, vendor: SimulatedVendor, now: () => Moment) {
    this.#history = history;
    this.#vendor = vendor;
    this.#now = now;
    this.#isClockSteady = !history.steps.some((step) => step.do === 'jump' || step.do === 'suspend');
    this.#isCrowded = history.scope === 'user' && history.maxEntries < USERS;
    this.#isOnlyRepeating =
      this.#isClockSteady &&
      history.scope === 'client' &&
      history.cacheEnabled &&
      history.steps.every(
        (step) =>
          step.do !== 'invalidate' &&
          (step.do !== 'behave' || step.behaviour.kind === 'well' || step.behaviour.kind === 'repeating'),
      );
    this.#isUntroubled = this.#isClockSteady && !history.steps.some((step) => step.do === 'behave');
    this.#waits = new WaitReferee(history, this.#isClockSteady, now, () => this.#untilLastMomentsMs());
  }

  closing(): void {
    this.#isClosing = true;
  }

  closed(): void {
    const underWay = [...this.#underWay.values()].filter(({ isOver }) => !isOver);
    assert.deepEqual(underWay, [], 'rule 8: closing waits for what is in flight');
  }

  forced({ entry, calledAtMs }: Caller): void {
    this.#forcedAtMs.set(entry, calledAtMs);
  }

  invalidated(entry: string, order: number): void {
    this.#invalidatedAtOrder.set(entry, order);
    this.#handedOut.clear();
  }

  callBegan(call: VendorCall): void {
    const other = this.#underWay.get(call.entry);
    assert.ok(other === undefined || other.isOver, 'rule 2: one renewal of an entry at a time');
    this.#waits.callBegan(call, [...this.#underWay.values()]);
    assert.ok(!this.#isSurelyFresh(call.entry), 'a token that is still fresh is left alone');
    this.#underWay.set(call.entry, call);
  }

  callDelivered(issued: IssuedToken): void {
    const list = this.#delivered.get(issued.entry) ?? [];
    this.#delivered.set(issued.entry, list);
    const { vendorMs } = this.#now();
    list.push({ issued, lifeMs: issued.expiresAtMs - vendorMs, deliveredAtVendorMs: vendorMs });
  }

  /** Milliseconds that are certainly left until a token's last moments, when the module asks the vendor whatever the backoff. */
  #untilLastMomentsMs(): number {
    const moments = [...this.#delivered.values()].map((list) => {
      const { issued } = list.at(-1) ?? {};
      if (issued === undefined) return Number.POSITIVE_INFINITY;
      return issued.expiresAtMs - this.#now().vendorMs - this.#leastMs(issued) - BORDER_MS;
    });
    return Math.max(0, Math.min(...moments));
  }

  observe(event: NudgeAuthEvent): void {
    this.#waits.observe(event);
  }

  callFailed(error: NudgeAuthError): void {
    this.#waits.callFailed(error);
  }

  checkHandOut(caller: Caller, { token, expiresAt }: NudgeToken): void {
    const { vendorMs, wallMs } = this.#now();
    const issued = this.#vendor.issued.get(token);
    assert.ok(issued, 'rule 6: the token is one that the vendor issued');
    assert.equal(issued.entry, caller.entry, 'rule 6: the token belongs to the entry that was asked for');
    const remainingMs = issued.expiresAtMs - vendorMs;
    assert.ok(remainingMs >= this.#leastMs(issued), `rule 1: too little life is left (${remainingMs} ms)`);
    assert.ok(
      expiresAt - wallMs <= remainingMs,
      'rule 1: expiresAt is never later than the end of the token',
    );
    if (caller.force) {
      assert.ok(
        issued.call.order > caller.calledAtOrder,
        'rule 7: forceRefresh gets a token whose renewal began after the call',
      );
    }
    const invalidatedAt = this.#invalidatedAtOrder.get(caller.entry) ?? -1;
    // An evicted entry has forgotten its invalidation, and the store may have missed it.
    const isForgotten = this.#isCrowded && this.#history.withStore;
    if (invalidatedAt < caller.calledAtOrder && this.#history.cacheEnabled && !isForgotten) {
      assert.ok(issued.call.order > invalidatedAt, 'rule 7: no caller gets an invalidated token');
    }
    this.#checkWait(caller);
    if (caller.calledAtOrder > invalidatedAt) this.#handedOut.add(token);
  }

  checkFailure(caller: Caller, error: unknown): void {
    if (caller.signal?.aborted === true && error === caller.signal.reason) return;
    assert.ok(isNudgeAuthError(error), `a failure is a NudgeAuthError, not ${String(error)}`);
    const isServable =
      !caller.force && caller.servable !== undefined && this.servable(caller.entry) !== undefined;
    assert.ok(!isServable, `rule 3: a good token was held, and the caller got ${error.code}`);
    this.#checkRepetition(caller, error);
    const isTooOften = error.code === 'NUDGE_RATE_LIMITED' && this.#history.scope === 'user';
    // A second forced call within the same second of the vendor brings a token that expires no later.
    // If a broken store did not take a lease back, callers wait for the end of the lease.
    const isLeaseLost = error.code === 'NUDGE_TIMEOUT' && this.#history.withStore;
    const isRepeated = error.code === 'NUDGE_BAD_RESPONSE' && this.#forcedAtMs.has(caller.entry);
    assert.ok(
      !this.#isUntroubled || this.#isClosing || isTooOften || isRepeated || isLeaseLost,
      `rules 3 and 5: the vendor was well, and the caller got ${error.code}`,
    );
  }

  /** In the last moments of a repeated token callers are refused, but the module asks for a fresh token every second. */
  #checkRepetition({ entry, force }: Caller, { code, retryAfterMs }: NudgeAuthError): void {
    const last = this.#delivered.get(entry)?.at(-1);
    if (!this.#isOnlyRepeating || force || code !== 'NUDGE_BAD_RESPONSE' || last === undefined) return;
    if (this.#now().vendorMs >= last.issued.expiresAtMs) return;
    assert.ok(
      (retryAfterMs ?? 0) <= 1_000,
      `a vendor that repeats a token is asked every second at its end, not after ${retryAfterMs} ms`,
    );
  }

  /** Checks a caller after every step, whether it has its answer or not. */
  checkWaiting(caller: Caller, nowMs: number): void {
    if (caller.isSettled) return;
    const waitedMs = nowMs - caller.calledAtMs;
    assert.ok(!caller.mustBeServedAtOnce, 'with at least half its life left a token is handed out at once');
    assert.ok(caller.isAborted !== true, 'rule 5: an aborted caller is released');
    assert.ok(
      waitedMs <= DEADLINE_MS,
      `a caller has its answer within the deadline, not after ${waitedMs} ms`,
    );
  }

  /** Checks that a caller did not wait longer than `maxWaitMs` while the held token was good. */
  #checkWait(caller: Caller): void {
    if (caller.force || caller.servable === undefined || this.servable(caller.entry) === undefined) return;
    const waitedMs = this.#now().localMs - caller.calledAtMs;
    assert.ok(
      waitedMs <= this.#history.maxWaitMs,
      `a good token was held, and the caller waited ${waitedMs} ms`,
    );
  }

  /** The token that the cache certainly holds for an entry and may hand out; `undefined` if that is not certain. */
  servable(entry: string): Delivery | undefined {
    if (!this.#isClockSteady || !this.#history.cacheEnabled || this.#isCrowded) return undefined;
    for (const delivery of (this.#delivered.get(entry) ?? []).toReversed()) {
      const { issued, lifeMs } = delivery;
      const leastMs = this.#leastMs(issued);
      // The cache has certainly refused this token on arrival, so it still holds the one before.
      if (lifeMs < leastMs) continue;
      // The cache drops a renewal that was under way at an invalidation, even if its call began a moment later.
      const isSurelyAdopted = !this.#invalidatedAtOrder.has(entry) || this.#handedOut.has(issued.token);
      const isSurelyHeld =
        isSurelyAdopted && lifeMs > leastMs + BORDER_MS && issued.call.order > this.#lastInvalidation(entry);
      const isGood = issued.expiresAtMs - this.#now().vendorMs > leastMs + BORDER_MS;
      return isSurelyHeld && isGood ? delivery : undefined;
    }
    return undefined;
  }

  /** Whether a caller who comes now must get a token without any wait. */
  mustServeAtOnce(entry: string): boolean {
    const held = this.servable(entry);
    return held !== undefined && held.issued.expiresAtMs - this.#now().vendorMs > held.lifeMs / 2 + BORDER_MS;
  }

  /** Whether the held token is too young for a renewal, even after a change of the API key. */
  #isSurelyFresh(entry: string): boolean {
    const held = this.servable(entry);
    // A caller with forceRefresh may wait for the renewal under way, and then for a second one.
    const sinceForcedMs = this.#now().localMs - (this.#forcedAtMs.get(entry) ?? Number.NEGATIVE_INFINITY);
    if (held === undefined || sinceForcedMs <= 2 * DEADLINE_MS) return false;
    const { scope, rotateAfterMs = Number.POSITIVE_INFINITY } = this.#history;
    const earliestMs = Math.min(rotateAfterMs, KEY_CHANGE_MS, held.lifeMs / (scope === 'client' ? 4 : 2));
    return this.#now().vendorMs - held.deliveredAtVendorMs < earliestMs - FRESH_BORDER_MS;
  }

  #lastInvalidation(entry: string): number {
    return this.#invalidatedAtOrder.get(entry) ?? -1;
  }

  #leastMs({ issuedAtMs, expiresAtMs }: IssuedToken): number {
    const { cacheEnabled, minRemainingMs } = this.#history;
    return Math.min((cacheEnabled ? minRemainingMs : undefined) ?? 60_000, (expiresAtMs - issuedAtMs) / 10);
  }
}
