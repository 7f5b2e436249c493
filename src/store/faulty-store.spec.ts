import { describe, expect, it } from '@jest/globals';
import { askAndPass, TokenLife } from '../../test/support/token-life.js';
import { RECORD, storeWith } from '../../test/support/shared-store.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { StoredToken, TokenLease, TokenStore } from './token-store.js';

describe('a faulty store', () => {
  const failing = (): Promise<never> => Promise.reject(new Error('store down'));
  const hanging = (): Promise<never> => new Promise(() => undefined);
  /** The time that a caller waits for the store in all, and a moment for the vendor. */
  const BOUND_MS = 300 + 10;

  const BROKEN: { is: string; changes: () => Partial<TokenStore> }[] = [
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
      const store = storeWith(clock, changes);
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
    const store = storeWith(clock, () => ({ invalidate: async () => undefined }));
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
    const store = storeWith(clock, () => ({ invalidate: failing }));
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
    const life = TokenLife.onManualClock({ store: storeWith(clock, () => ({ read })) }, clock);
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
    const life = TokenLife.onManualClock(
      { store: storeWith(clock, () => ({ read: async () => stored })) },
      clock,
    );
    const outcome = await askAndPass(life, 20);
    expect(outcome.error).toBeUndefined();
    expect(life.calls).toHaveLength(1);
    expect(outcome.token).toBe([...life.vendor.issued.keys()][0]);
  });

  it('that reports a change all the time is not read in a tight loop by a follower', async () => {
    const clock = new ManualClock();
    let reads = 0;
    const store = storeWith(clock, () => ({
      read: async () => {
        reads += 1;
        return undefined;
      },
      acquire: async () => undefined,
      untilChanged: async () => undefined,
    }));
    const life = TokenLife.onManualClock({ store }, clock);
    const outcome = await askAndPass(life, 7_500);
    expect(reads).toBeGreaterThan(100);
    expect(reads).toBeLessThanOrEqual(outcome.waitedMs / 20 + 2);
  });

  it('is reported once when it is lost and once when it is back', async () => {
    const clock = new ManualClock();
    let isDown = true;
    const store = storeWith(clock, (inner) => ({
      read: (entry) => (isDown ? failing() : inner.read(entry)),
      acquire: (entry) => (isDown ? failing() : inner.acquire(entry)),
    }));
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
