import { afterEach, describe, expect, it } from '@jest/globals';
import {
  askAndPass,
  failureOf,
  NUDGE_ORIGIN,
  TokenLife,
  type TokenLifeSettings,
} from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { describeTokenStoreContract } from '../testing/token-store-contract.js';
import { ManualClock } from '../testing/manual-clock.js';
import { MemoryTokenStore } from '../testing/memory-token-store.js';
import type { SharedCallLimits, StoredToken, TokenLease, TokenStore } from './token-store.js';

describeTokenStoreContract('in memory', () => new MemoryTokenStore(new ManualClock()), {
  describe,
  it,
  afterEach,
});

const RECORD = { token: 'obviously.fake.token', remainingMs: HOUR_MS, ageMs: 0, keyFingerprint: '0a1b2c3d' };

describe('the store in memory', () => {
  it('ages a token that it holds, and drops it when it expires', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    await (await store.acquire('entry'))?.write({ ...RECORD, ageMs: 5 });
    await clock.advanceAsync(20 * MINUTE_MS);
    clock.suspend(20 * MINUTE_MS);
    expect(await store.read('entry')).toMatchObject({
      remainingMs: 20 * MINUTE_MS,
      ageMs: 40 * MINUTE_MS + 5,
    });
    await clock.advanceAsync(40 * MINUTE_MS);
    expect(await store.read('entry')).toBeUndefined();
  });

  it('ends the lease of a holder that no longer renews it', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    const lost = await store.acquire('entry');
    await clock.advanceAsync(7_999);
    expect(await store.acquire('entry')).toBeUndefined();
    await clock.advanceAsync(1);
    const next = await store.acquire('entry');
    expect(await next?.write(RECORD)).toBe(true);
    expect(await lost?.write({ ...RECORD, token: 'late' })).toBe(false);
  });

  it('ends a wait after its time limit, and leaves no timer', async () => {
    const clock = new ManualClock();
    const store = new MemoryTokenStore(clock);
    const waiting = store.untilChanged('entry', 200);
    await clock.advanceAsync(200);
    await waiting;
    expect(clock.pendingMs).toEqual([]);
  });

  it('drops the oldest entry above its limit', async () => {
    const store = new MemoryTokenStore(new ManualClock(), 2);
    for (const entry of ['a', 'b', 'c']) await (await store.acquire(entry))?.write(RECORD);
    expect(await store.read('a')).toBeUndefined();
    expect(await store.read('c')).toBeDefined();
  });
});

/** A store in memory with some of its operations replaced. */
function storeWith(clock: ManualClock, changes: Partial<TokenStore>): TokenStore {
  const inner = new MemoryTokenStore(clock);
  const names = ['read', 'acquire', 'invalidate', 'untilChanged', 'close'] as const;
  return {
    ...Object.fromEntries(names.map((name) => [name, inner[name].bind(inner)])),
    ...changes,
  } as TokenStore;
}

function pods(
  count: number,
  store?: TokenStore,
  clock = new ManualClock(),
  settings: TokenLifeSettings = {},
) {
  const shared = store ?? new MemoryTokenStore(clock);
  const lives = Array.from({ length: count }, (_, index) =>
    TokenLife.onManualClock({ store: shared, vendorName: `pod-${index}`, ...settings }, clock),
  );
  const calls = (): number => lives.reduce((sum, life) => sum + life.calls.length, 0);
  return { clock, lives, calls };
}

describe('processes that share a store', () => {
  it('make one call in all when all of them are cold at once', async () => {
    const { clock, lives, calls } = pods(5);
    const outcomes = lives.map((life) => life.askAll(100));
    await clock.advanceAsync(500);
    const tokens = new Set((await Promise.all(outcomes)).flat().map(({ token }) => token));
    expect([tokens.size, tokens.has(undefined), calls()]).toEqual([1, false, 1]);
    expect(
      lives
        .flatMap((life) => life.eventsOf('renewed'))
        .map(({ from }) => from)
        .toSorted(),
    ).toEqual(['store', 'store', 'store', 'store', 'vendor']);
  });

  it('rotate once a minute in all, and agree on the remaining life', async () => {
    const { clock, lives, calls } = pods(3);
    for (let second = 0; second < 300; second += 1) {
      for (const life of lives) void life.ask();
      await clock.advanceAsync(SECOND_MS);
    }
    expect(calls()).toBeLessThanOrEqual(6);
    const remaining = lives.map((life) => life.service.status().tokens[0]?.remainingMs);
    expect(new Set(remaining).size).toBe(1);
  });

  it('wait for a slow leader, and take over after a leader has failed', async () => {
    const { clock, lives } = pods(2);
    const [leader, follower] = lives as [TokenLife, TokenLife];
    leader.vendor.behaviour = { kind: 'slow', requestMs: 1_000, responseMs: 0 };
    const led = leader.ask();
    await clock.advanceAsync(100);
    const followed = follower.ask();
    leader.vendor.behaviour = { kind: 'hanging' };
    await clock.advanceAsync(2_000);
    expect((await followed).token).toBe((await led).token);

    await leader.service.invalidate();
    await follower.service.invalidate();
    const failing = leader.ask();
    await clock.advanceAsync(100);
    const taking = follower.ask();
    await clock.advanceAsync(8_000);
    expect(failureOf(await failing).code).toBe('NUDGE_TIMEOUT');
    expect((await taking).error).toMatchObject({ code: 'NUDGE_TIMEOUT' });
    expect((await askAndPass(follower, 500)).error).toBeUndefined();
  });

  it('take over at once when Nudge refuses the key of the leader', async () => {
    const { clock, lives } = pods(2);
    const [leader, follower] = lives as [TokenLife, TokenLife];
    leader.vendor.behaviour = { kind: 'failing', code: 'NUDGE_CREDENTIALS_REJECTED' };
    const failed = leader.ask();
    const followed = follower.ask();
    await clock.advanceAsync(500);
    expect(failureOf(await failed).code).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(await followed).toMatchObject({ error: undefined });
    expect([leader.calls.length, follower.calls.length]).toEqual([1, 1]);
  });

  it('take the token that another process has stored while they may not call Nudge', async () => {
    const { clock, lives } = pods(2);
    const [broken, healthy] = lives as [TokenLife, TokenLife];
    broken.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 60_000 };
    await askAndPass(broken);
    expect(broken.service.status().nextAttemptInMs).toBe(59_991);
    await askAndPass(healthy);
    await clock.advanceAsync(SECOND_MS);
    expect(broken.service.status().nextAttemptInMs).toBe(58_981);
    const taken = await askAndPass(broken);
    expect(taken.error).toBeUndefined();
    expect(broken.calls).toHaveLength(1);
  });

  it("take each user's token from the store while they may not call Nudge", async () => {
    const options = { scope: 'user', extId: () => 'unused' } as const;
    const { clock, lives } = pods(2, undefined, undefined, { options });
    const [broken, healthy] = lives as [TokenLife, TokenLife];
    broken.vendor.behaviour = { kind: 'failing', code: 'NUDGE_RATE_LIMITED', retryAfterMs: 60_000 };
    await askAndPass(broken, 10, { extId: 'dan' });
    const users = ['ada', 'bob', 'cy'].map((extId) => ({ extId }));
    for (const user of users) await askAndPass(healthy, 10, user);
    const outcomes = users.map((user) => broken.ask(user));
    await clock.advanceAsync(10);
    for (const outcome of await Promise.all(outcomes)) expect(outcome.error).toBeUndefined();
    expect(broken.calls).toHaveLength(1);
  });

  it('let no caller wait for the store while the held token is good', async () => {
    let isHanging = false;
    const clock = new ManualClock();
    const inner = new MemoryTokenStore(clock);
    const store = storeWith(clock, {
      read: (entry) => (isHanging ? new Promise(() => undefined) : inner.read(entry)),
    });
    const life = TokenLife.onManualClock({ store }, clock);
    await askAndPass(life);
    await clock.advanceAsync(31 * MINUTE_MS);
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 60_000 };
    await askAndPass(life, 1_000);
    isHanging = true;
    expect(await askAndPass(life, 600)).toMatchObject({ error: undefined, waitedMs: 0 });
  });

  it('do not serve the stored token after one of them has invalidated it', async () => {
    const { clock, lives, calls } = pods(2);
    const [first, second] = lives as [TokenLife, TokenLife];
    const before = await askAndPass(first);
    await first.service.invalidate();
    const after = await askAndPass(second);
    expect(after.token).not.toBe(before.token);
    await clock.advanceAsync(0);
    expect(calls()).toBe(2);
  });

  it('drop a renewal under way when another process invalidates the entry', async () => {
    const { clock, lives } = pods(2);
    const [first, second] = lives as [TokenLife, TokenLife];
    first.vendor.behaviour = { kind: 'slow', requestMs: 100, responseMs: 0 };
    const underWay = first.ask();
    await clock.advanceAsync(50);
    await second.service.invalidate();
    await clock.advanceAsync(1_000);
    expect(first.vendor.issued.size).toBe(2);
    expect((await underWay).token).toBe([...first.vendor.issued.keys()][1]);
  });

  it('fetch a token themselves for forceRefresh', async () => {
    const { clock, lives } = pods(2);
    const [first, second] = lives as [TokenLife, TokenLife];
    await askAndPass(first);
    await askAndPass(second, 500);
    await clock.advanceAsync(2 * SECOND_MS);
    const forced = await askAndPass(second, 500, { forceRefresh: true });
    expect(forced.error).toBeUndefined();
    expect(second.calls).toHaveLength(1);
  });
});

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

describe('a faulty store', () => {
  const failing = (): Promise<never> => Promise.reject(new Error('store down'));
  const hanging = (): Promise<never> => new Promise(() => undefined);
  /** The time that a caller waits for the store in all, and a moment for the vendor. */
  const BOUND_MS = 300 + 10;

  const BROKEN: { is: string; changes: (inner: TokenStore) => Partial<TokenStore> }[] = [
    {
      is: 'that fails at every operation',
      changes: () => ({ read: failing, acquire: failing, invalidate: failing, untilChanged: failing }),
    },
    {
      is: 'that hangs at every operation',
      changes: () => ({ read: hanging, acquire: hanging, invalidate: hanging, untilChanged: hanging }),
    },
    { is: 'that hangs when a process asks for a lease', changes: () => ({ acquire: hanging }) },
    {
      is: 'that throws instead of rejecting',
      changes: () => ({
        read: () => {
          throw new Error('store down');
        },
      }),
    },
    { is: 'that returns null for a missing entry', changes: () => ({ read: async () => null as never }) },
    {
      is: 'whose leases fail to write',
      changes: () => ({ acquire: async () => leaseWith({ write: failing }) }),
    },
    {
      is: 'whose leases hang',
      changes: () => ({ acquire: async () => leaseWith({ write: hanging, release: hanging }) }),
    },
    {
      is: 'whose leases refuse every write',
      changes: () => ({ acquire: async () => leaseWith({ write: async () => false }) }),
    },
  ];

  function leaseWith(changes: Partial<TokenLease>): TokenLease {
    return {
      fence: 1,
      isHeld: () => true,
      write: async () => true,
      release: async () => undefined,
      ...changes,
    };
  }

  it.each(BROKEN)(
    '$is delays a cold caller within the bound, and never costs the token',
    async ({ changes }) => {
      const clock = new ManualClock();
      const store = storeWith(clock, changes(new MemoryTokenStore(clock)));
      const life = TokenLife.onManualClock({ store }, clock);
      const outcome = await askAndPass(life, BOUND_MS);
      expect(outcome.error).toBeUndefined();
      expect(life.calls.length).toBeLessThanOrEqual(2);
      await clock.advanceAsync(SECOND_MS);
      expect(await askAndPass(life, 0)).toMatchObject({ token: outcome.token, waitedMs: 0 });
      const invalidated = life.service.invalidate();
      await clock.advanceAsync(BOUND_MS);
      await invalidated;
    },
    20_000,
  );

  it('that ignores an invalidation does not bring back a token whose renewal was under way', async () => {
    const clock = new ManualClock();
    const store = storeWith(clock, { invalidate: async () => undefined });
    const life = TokenLife.onManualClock({ store }, clock);
    life.vendor.behaviour = { kind: 'slow', requestMs: 100, responseMs: 0 };
    const before = life.ask();
    await clock.advanceAsync(50);
    await life.service.invalidate();
    const after = life.ask();
    await clock.advanceAsync(SECOND_MS);
    const [, fetchedAfterwards] = life.vendor.issued.keys();
    expect([(await before).token, (await after).token]).toEqual([fetchedAfterwards, fetchedAfterwards]);
  });

  it('that fails at an invalidation does not bring the old token back', async () => {
    const clock = new ManualClock();
    const store = storeWith(clock, { invalidate: failing });
    const life = TokenLife.onManualClock({ store }, clock);
    const before = await askAndPass(life);
    await life.service.invalidate();
    expect((await askAndPass(life, 500)).token).not.toBe(before.token);
  });

  it('that calls an expired token young is not believed by a process that has seen a later token', async () => {
    const clock = new ManualClock();
    const elsewhere = TokenLife.onManualClock({}, clock);
    const { token = '' } = await askAndPass(elsewhere);
    await clock.advanceAsync(2 * HOUR_MS);
    const stored = {
      token,
      remainingMs: HOUR_MS - 10_000,
      ageMs: 0,
      keyFingerprint: '0a1b2c3d',
      fence: 1e15,
    };
    const read = async (entry: string) => (entry.includes('60') ? stored : undefined);
    const life = TokenLife.onManualClock({ store: storeWith(clock, { read }) }, clock);
    expect((await askAndPass(life, 10, { expiryMins: 30 })).error).toBeUndefined();
    const outcome = await askAndPass(life, 10, { expiryMins: 60 });
    expect(outcome.error).toBeUndefined();
    expect(outcome.token).not.toBe(token);
  });

  it.each([
    { is: 'a text that is not a token', change: { token: 'canary that is no token' } },
    { is: 'an infinite life', change: { remainingMs: Number.POSITIVE_INFINITY } },
    { is: 'a life that is not a number', change: { remainingMs: 'long' as unknown as number } },
    { is: 'a longer life than the token has', change: { remainingMs: 2 * HOUR_MS } },
    { is: 'a negative age', change: { ageMs: -HOUR_MS } },
    { is: 'a fence that is not a number', change: { fence: Number.NaN } },
    { is: 'hardly any remaining life', change: { remainingMs: 30_000 } },
  ])('that returns $is does not keep the process from fetching a token', async ({ change }) => {
    const clock = new ManualClock();
    const donor = TokenLife.onManualClock({ vendorName: 'donor' }, clock);
    const { token = '' } = await askAndPass(donor);
    const stored: StoredToken = { ...RECORD, token, remainingMs: 59 * MINUTE_MS, fence: 1, ...change };
    const life = TokenLife.onManualClock({ store: storeWith(clock, { read: async () => stored }) }, clock);
    const outcome = await askAndPass(life, 20);
    expect(outcome.error).toBeUndefined();
    expect(life.calls).toHaveLength(1);
    expect(outcome.token).toBe([...life.vendor.issued.keys()][0]);
  });

  it('that reports a change all the time is not read in a tight loop by a follower', async () => {
    const clock = new ManualClock();
    let reads = 0;
    const store = storeWith(clock, {
      read: async () => {
        reads += 1;
        return undefined;
      },
      acquire: async () => undefined,
      untilChanged: async () => undefined,
    });
    const life = TokenLife.onManualClock({ store }, clock);
    const outcome = await askAndPass(life, 7_500);
    expect(reads).toBeGreaterThan(100);
    expect(reads).toBeLessThanOrEqual(outcome.waitedMs / 20 + 2);
  });

  it('is reported once when it is lost and once when it is back', async () => {
    const clock = new ManualClock();
    let isDown = true;
    const inner = new MemoryTokenStore(clock);
    const store = storeWith(clock, {
      read: (entry) => (isDown ? failing() : inner.read(entry)),
      acquire: (entry) => (isDown ? failing() : inner.acquire(entry)),
    });
    const life = TokenLife.onManualClock({ store }, clock);
    for (let minute = 0; minute < 5; minute += 1) await askAndPass(life, MINUTE_MS);
    expect(life.eventsOf('store-lost')).toHaveLength(1);
    expect(life.service.status().storeAvailable).toBe(false);
    isDown = false;
    for (let minute = 0; minute < 60; minute += 1) await askAndPass(life, MINUTE_MS);
    expect(life.eventsOf('store-back')).toHaveLength(1);
    expect(life.service.status().storeAvailable).toBe(true);
  });
});
