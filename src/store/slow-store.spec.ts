import { describe, expect, it } from '@jest/globals';
import { askAndPass, NUDGE_ORIGIN, TokenLife } from '../../test/support/token-life.js';
import { pods } from '../../test/support/shared-store.js';
import { A_TOKEN, askAll, fleetOf, noAnswer } from '../../test/support/simulated-fleet.js';
import type { TokenSource } from '../vendor/token-source.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { MemoryTokenStore } from '../testing/memory-token-store.js';
import type { SharedCallLimits, TokenStore } from './token-store.js';

/** The operations that a renewal uses. */
const OPERATIONS = ['read', 'acquire', 'take', 'beginPause', 'write', 'release'] as const;
type Operation = (typeof OPERATIONS)[number] | 'look';

/** A store in memory whose operations can each be slow, and can each fail after their delay. */
class SlowStore implements TokenStore {
  delaysMs: Partial<Record<Operation, number>> = {};
  failing: Operation | undefined;
  readonly #limits: SharedCallLimits;
  readonly #clock: ManualClock;
  readonly #inner: MemoryTokenStore;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#inner = new MemoryTokenStore(clock);
    const limits = this.#inner.callLimitsOf(NUDGE_ORIGIN);
    this.#limits = {
      take: (...args) => this.#after('take', () => limits.take(...args)),
      beginPause: (durationMs) => this.#after('beginPause', () => limits.beginPause(durationMs)),
      endPause: () => limits.endPause(),
      giveBackProbe: () => limits.giveBackProbe(),
      look: () =>
        this.#after('look', async () => {
          if (this.failing === 'take') throw new Error('store down');
        }),
    };
  }

  callLimitsOf(): SharedCallLimits {
    return this.#limits;
  }

  delayAll(ms: number): void {
    this.delaysMs = Object.fromEntries([...OPERATIONS, 'look'].map((operation) => [operation, ms]));
  }

  read: TokenStore['read'] = (entry) => this.#after('read', () => this.#inner.read(entry));
  invalidate: TokenStore['invalidate'] = (entry) => this.#inner.invalidate(entry);
  untilChanged: TokenStore['untilChanged'] = (...args) => this.#inner.untilChanged(...args);
  close: TokenStore['close'] = () => this.#inner.close();
  acquire: TokenStore['acquire'] = (entry) =>
    this.#after('acquire', async () => {
      const lease = await this.#inner.acquire(entry);
      return (
        lease && {
          fence: lease.fence,
          isHeld: () => lease.isHeld(),
          write: (...args) => this.#after('write', () => lease.write(...args)),
          release: () => this.#after('release', () => lease.release()),
        }
      );
    });

  async #after<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const { [operation]: delayMs = 0 } = this.delaysMs;
    if (delayMs > 0) await new Promise<void>((resolve) => this.#clock.schedule(delayMs, resolve));
    if (this.failing === operation) throw new Error('store down');
    return work();
  }
}

function slow(lives = 1) {
  const clock = new ManualClock();
  const store = new SlowStore(clock);
  return { store, ...pods(lives, store, clock, { budget: 'of-the-process' }) };
}

describe('the time that a caller waits for the store in all', () => {
  const [STORE_BUDGET_MS, VENDOR_MS] = [300, 1];
  const HANGING_MS = HOUR_MS;

  it.each(
    [...OPERATIONS, 'each operation'].flatMap((operation) =>
      [HANGING_MS, 250, 120, 90].map((delayMs) => ({ operation, delayMs })),
    ),
  )('is bounded when $operation takes $delayMs ms', async ({ operation, delayMs }) => {
    for (const isRefused of [false, true]) {
      const { store, clock, lives } = slow();
      const [life] = lives as [TokenLife];
      if (operation === 'each operation') store.delayAll(delayMs);
      else store.delaysMs = { [operation]: delayMs };
      if (isRefused)
        life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 5_000 };
      const outcome = await askAndPass(life, 400);
      expect(outcome.waitedMs).toBeLessThanOrEqual(STORE_BUDGET_MS + VENDOR_MS);
      expect(outcome.error === undefined).toBe(!isRefused);
      expect(life.calls).toHaveLength(1);
      await life.cache.close();
      await clock.advanceAsync(HANGING_MS);
    }
  });

  it.each([1, 70, 95])('allows a store that answers each time after %s ms', async (delayMs) => {
    const { store, clock, lives, calls } = slow(3);
    store.delayAll(delayMs);
    for (let second = 0; second < 200; second += 1) {
      for (const life of lives) void life.ask();
      await clock.advanceAsync(SECOND_MS);
    }
    expect(lives.flatMap((life) => life.eventsOf('store-lost'))).toEqual([]);
    expect(calls()).toBe(4);
    const [cold] = lives as [TokenLife];
    await cold.service.invalidate();
    await clock.advanceAsync(SECOND_MS);
    expect((await askAndPass(cold, SECOND_MS)).waitedMs).toBeLessThanOrEqual(STORE_BUDGET_MS + VENDOR_MS);
  });

  it('does not include the time of the leader, whose follower gets the token soon after the write', async () => {
    const { store, clock, lives, calls } = slow(2);
    store.delayAll(95);
    const [leader, follower] = lives as [TokenLife, TokenLife];
    leader.vendor.behaviour = { kind: 'slow', requestMs: 2_000, responseMs: 0 };
    const outcomes = [leader.ask(), follower.ask()];
    await clock.advanceAsync(3_000);
    const [led, followed] = await Promise.all(outcomes);
    expect(led?.waitedMs).toBe(2_000 + STORE_BUDGET_MS);
    expect(followed?.token).toBe(led?.token);
    expect((followed?.waitedMs ?? 0) - (led?.waitedMs ?? 0)).toBeLessThanOrEqual(200);
    expect(calls()).toBe(1);
  });

  it.each([
    { what: 'hangs at reads only', change: (store: SlowStore) => (store.delaysMs = { read: HANGING_MS }) },
    { what: 'fails at reads only', change: (store: SlowStore) => (store.failing = 'read') },
    { what: 'fails at leases only', change: (store: SlowStore) => (store.failing = 'acquire') },
    { what: 'fails at the budget only', change: (store: SlowStore) => (store.failing = 'take') },
    { what: 'fails at writes only', change: (store: SlowStore) => (store.failing = 'write') },
    { what: 'is too slow for a renewal', change: (store: SlowStore) => store.delayAll(120) },
  ])(
    'ends when a store $what: it is reported as lost once, and as back once everything works',
    async ({ change }) => {
      const { store, lives } = slow();
      const [life] = lives as [TokenLife];
      change(store);
      for (let minute = 0; minute < 90; minute += 1) await askAndPass(life, MINUTE_MS);
      expect([life.eventsOf('store-lost').length, life.eventsOf('store-back').length]).toEqual([1, 0]);
      store.delaysMs = {};
      store.failing = undefined;
      await askAndPass(life, MINUTE_MS);
      expect([life.eventsOf('store-lost').length, life.eventsOf('store-back').length]).toEqual([1, 1]);
    },
  );
});

describe('a slow store', () => {
  it.each([60, 75])('is shared with a latency of %s ms', async (latencyMs) => {
    const { vendor, network, passing, types } = fleetOf(4);
    network.latencyMs = latencyMs;
    await passing(5 * MINUTE_MS, 5 * SECOND_MS);
    expect(types()).not.toContain('store-lost');
    expect(vendor.calls).toBeLessThanOrEqual(6);
  });

  it.each([85, 95, 100])('is not lost again and again with a latency of %s ms', async (latencyMs) => {
    const { network, passing, types } = fleetOf(4);
    network.latencyMs = latencyMs;
    await passing(10 * MINUTE_MS, 5 * SECOND_MS);
    expect(types().filter((type) => type === 'store-lost').length).toBeLessThanOrEqual(4);
  });

  it('is lost once when neither it nor Nudge answers at first, and the caller still gets a token', async () => {
    const { clock, network, vendor, pod, types } = fleetOf(0);
    network.latencyMs = 400;
    let attempts = 0;
    const source: TokenSource = {
      fetchToken: async () => {
        attempts += 1;
        if (attempts > 1) return vendor.fetchToken();
        await new Promise<void>((resolve) => clock.schedule(2_500, resolve));
        network.latencyMs = 1;
        throw noAnswer();
      },
    };
    expect(await askAll([pod(source)], clock, 6_000)).toEqual([A_TOKEN]);
    expect(types().filter((type) => type === 'store-lost')).toHaveLength(1);
  });
});
