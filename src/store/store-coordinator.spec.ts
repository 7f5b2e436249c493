import { describe, expect, it } from '@jest/globals';
import { askAndPass, failureOf, TokenLife, USER_SCOPE } from '../../test/support/token-life.js';
import { pods, storeWith } from '../../test/support/shared-store.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';

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
    const { clock, lives } = pods(2, undefined, undefined, { options: USER_SCOPE });
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
    const store = storeWith(clock, (inner) => ({
      read: (entry) => (isHanging ? new Promise(() => undefined) : inner.read(entry)),
    }));
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
