import assert from 'node:assert/strict';
import { createTokenCache } from '../../src/cache/create-token-cache.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import type { TokenCache } from '../../src/cache/token-cache.js';
import type { TokenStore } from '../../src/store/token-store.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';
import { NudgeTokenService, type NudgeTokenRequest } from '../../src/service/nudge-token.service.js';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import { StatusBoard } from '../../src/telemetry/status-board.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { USERS, type History, type Step } from './history.js';
import { ModuleClock } from './module-clock.js';
import { DEADLINE_MS, Referee } from './referee.js';
import type { Caller } from './referee.types.js';
import { Secret } from '../../src/common/secret.js';
import { ApiKeys } from '../../src/vendor/api-keys.js';
import { seededRandom } from './seeded-random.js';
import { entryOf, SimulatedVendor } from './simulated-vendor.js';

const TRUE_START_MS = Date.UTC(2031, 0, 1);

/** A store that can be made to fail. */
class FaultyStore implements TokenStore {
  state: 'well' | 'failing' | 'hanging' = 'well';
  readonly #inner: TokenStore;

  constructor(inner: TokenStore) {
    this.#inner = inner;
  }

  read: TokenStore['read'] = (entry) => this.#ask(() => this.#inner.read(entry));
  acquire: TokenStore['acquire'] = (entry) => this.#ask(() => this.#inner.acquire(entry));
  invalidate: TokenStore['invalidate'] = (entry) => this.#ask(() => this.#inner.invalidate(entry));
  untilChanged: TokenStore['untilChanged'] = (entry, timeoutMs) =>
    this.#ask(() => this.#inner.untilChanged(entry, timeoutMs));
  close: TokenStore['close'] = () => this.#inner.close();

  #ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.state === 'failing') return Promise.reject(new Error('simulated store fault'));
    return this.state === 'hanging' ? new Promise(() => undefined) : work();
  }
}

/** Longer than the work that may still be under way in the background after a close, such as the release of a lease. */
const AFTERMATH_MS = 500;

/** Plays a history with the module's real code, and lets a referee check every event. */
export class Simulation {
  readonly #history: History;
  readonly #clock: ManualClock;
  readonly #moduleClock: ModuleClock;
  readonly #vendor: SimulatedVendor;
  readonly #referee: Referee;
  readonly #store: FaultyStore | undefined;
  readonly #cache: TokenCache;
  readonly #service: NudgeTokenService;
  readonly #callers: Caller[] = [];
  #order = 0;
  #steppedMs = 0;
  #violation: unknown;
  #isClosed = false;

  constructor(history: History) {
    this.#history = history;
    this.#clock = new ManualClock(TRUE_START_MS + history.localOffsetMs);
    this.#moduleClock = new ModuleClock(this.#clock);
    const vendorMs = (): number =>
      this.#clock.now().wallMs - history.localOffsetMs - this.#steppedMs + history.vendorOffsetMs;
    this.#vendor = new SimulatedVendor(this.#clock, vendorMs, () => this.#order++);
    this.#referee = new Referee(history, this.#vendor, () => {
      const { wallMs, monotonicMs } = this.#clock.now();
      return { wallMs, localMs: monotonicMs, vendorMs: vendorMs() };
    });
    // If a check threw inside a call, the module would take the error for a failure of the vendor, and the check were lost.
    this.#vendor.observer = {
      callBegan: (call) => this.#judge(() => this.#referee.callBegan(call)),
      callDelivered: (issued) => this.#referee.callDelivered(issued),
      callFailed: (error) => this.#referee.callFailed(error),
    };
    const { scope, rotateAfterMs, minRemainingMs, maxWaitMs, maxEntries } = history;
    const options = resolveNudgeAuthOptions({
      apiKey: 'fake-private-key-of-the-simulation',
      defaultExpiryMins: history.expiryMins,
      http: { deadlineMs: DEADLINE_MS },
      cache: history.cacheEnabled ? { rotateAfterMs, minRemainingMs, maxWaitMs, maxEntries } : false,
      ...(scope === 'user' ? { scope, extId: () => 'not called here' } : { scope }),
    });
    const random = seededRandom(history.seed, history.leastChance);
    const events = new NudgeAuthEvents();
    events.subscribe((event) => this.#judge(() => this.#referee.observe(event)));
    this.#store = history.withStore
      ? new FaultyStore(new MemoryTokenStore(this.#moduleClock, 10))
      : undefined;
    this.#cache = createTokenCache({
      source: this.#vendor,
      apiKeys: new ApiKeys(
        { primary: new Secret('fake-private-key-of-the-simulation'), fallback: undefined },
        events,
        this.#clock,
      ),
      store: this.#store,
      options: {
        ...options.cache,
        scope,
        deadlineMs: DEADLINE_MS,
        timeoutMs: DEADLINE_MS,
        maxRetries: 0,
        storeScope: ['simulation'],
      },
      origin: new URL(options.baseUrl).origin,
      callsPerMinute: options.budget.callsPerMinute,
      budget: { take: () => Promise.resolve(0) },
      events,
      clock: this.#moduleClock,
      random,
    });
    this.#service = new NudgeTokenService(this.#cache, new StatusBoard(events, this.#clock), events, options);
  }

  async run(): Promise<void> {
    for (const step of this.#history.steps) await this.#take(step);
    await this.#end();
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask':
        for (let caller = 0; caller < step.callers; caller += 1) {
          const users = step.allUsers ? [...Array(USERS).keys()] : [step.user];
          for (const user of users) this.#ask({ ...step, user });
        }
        return this.#pass(0);
      case 'keep asking':
        for (let time = 0; time < step.times; time += 1) {
          this.#ask({ ...step, force: false });
          await this.#pass(step.everyMs);
        }
        return undefined;
      case 'pass':
        return this.#pass(step.ms);
      case 'behave':
        this.#vendor.behaviour = step.behaviour;
        return undefined;
      case 'key':
        this.#vendor.keyFingerprint = step.fingerprint;
        return undefined;
      case 'invalidate':
        this.#referee.invalidated(entryOf(this.#selectorOf(step.user)), this.#order++);
        void this.#service.invalidate(this.#selectorOf(step.user)).catch((error: unknown) => {
          this.#violation ??= error;
        });
        return undefined;
      case 'jump':
        this.#clock.stepWall(step.ms);
        this.#steppedMs += step.ms;
        return undefined;
      case 'suspend':
        this.#clock.suspend(step.ms);
        return undefined;
      case 'store':
        if (this.#store !== undefined) this.#store.state = step.state;
        return undefined;
    }
  }

  #selectorOf(user: number): { expiryMins: number; extId?: string } {
    const { scope, expiryMins } = this.#history;
    return scope === 'user' ? { expiryMins, extId: `user-${user}` } : { expiryMins };
  }

  #ask({
    user,
    force,
    abortAfterMs,
  }: Pick<Extract<Step, { do: 'ask' }>, 'user' | 'force' | 'abortAfterMs'>): void {
    const selector = this.#selectorOf(user);
    const entry = entryOf(selector);
    const abort = new AbortController();
    const caller: Caller = {
      entry,
      force,
      calledAtOrder: this.#order++,
      calledAtMs: this.#clock.now().monotonicMs,
      signal: abortAfterMs === undefined ? undefined : abort.signal,
      servable: this.#referee.servable(entry),
      mustBeServedAtOnce: !force && this.#referee.mustServeAtOnce(entry),
      isSettled: false,
    };
    if (force) this.#referee.forced(caller);
    this.#callers.push(caller);
    void this.#serve(caller, { ...selector, forceRefresh: force, signal: caller.signal });
    if (abortAfterMs === undefined) return;
    this.#clock.schedule(abortAfterMs, () => {
      abort.abort(new Error('aborted by the history'));
      caller.isAborted = true;
    });
  }

  async #serve(caller: Caller, request: NudgeTokenRequest): Promise<void> {
    try {
      const token = await this.#service.getToken(request);
      this.#judge(() => this.#referee.checkHandOut(caller, token));
    } catch (error) {
      this.#judge(() => this.#referee.checkFailure(caller, error));
    }
    caller.isSettled = true;
  }

  /** Keeps the first broken rule for later: a check runs in a callback, where an exception would be lost. */
  #judge(check: () => void): void {
    try {
      check();
    } catch (violation) {
      this.#violation ??= violation;
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.advanceAsync(ms);
    const nowMs = this.#clock.now().monotonicMs;
    for (const caller of this.#callers) this.#judge(() => this.#referee.checkWaiting(caller, nowMs));
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** Rule 8: work under way ends within the deadline, and no timer is left. */
  async #end(): Promise<void> {
    this.#referee.closing();
    void this.#cache.close().finally(() => {
      this.#isClosed = true;
      this.#judge(() => this.#referee.closed());
    });
    for (let waitedMs = 0; !this.#isClosed && waitedMs < DEADLINE_MS; waitedMs += AFTERMATH_MS) {
      await this.#pass(AFTERMATH_MS);
    }
    assert.ok(this.#isClosed, 'rule 8: closing ends within the deadline');
    await this.#pass(AFTERMATH_MS);
    assert.ok(
      this.#callers.every(({ isSettled }) => isSettled),
      'rule 8: no caller is left waiting',
    );
    assert.equal(this.#moduleClock.pending.size, 0, 'rule 8: no timer is left');
  }
}
