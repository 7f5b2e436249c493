import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ManualClock } from '../testing/manual-clock.js';
import { elapsedMs, systemClock } from './clock.js';
import { Deadline } from './deadline.js';

describe('elapsedMs', () => {
  it.each([
    { is: 'both clocks go', wallMs: 5, monotonicMs: 5, elapsed: 5 },
    { is: 'the wall clock is set back', wallMs: -3_600_000, monotonicMs: 5, elapsed: 5 },
    { is: 'the machine was suspended', wallMs: 3_600_000, monotonicMs: 5, elapsed: 3_600_000 },
  ])('is the larger of two differences when $is', ({ wallMs, monotonicMs, elapsed }) => {
    expect(
      elapsedMs({ wallMs: 100, monotonicMs: 7 }, { wallMs: 100 + wallMs, monotonicMs: 7 + monotonicMs }),
    ).toBe(elapsed);
  });
});

describe('systemClock', () => {
  let presentMs = Date.UTC(2031, 0, 1);

  beforeEach(() => {
    // Each test starts an hour later: the clock must not return the moment that it kept from the test before.
    jest.useFakeTimers({ now: (presentMs += 3_600_000) });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('returns the same moment within a millisecond, and reads both clocks again after that', () => {
    const moment = systemClock.now();
    expect(systemClock.now()).toBe(moment);
    jest.advanceTimersByTime(1);
    expect(systemClock.now()).not.toBe(moment);
  });

  it('reads the monotonic clock again after some calls while the wall clock stands still', () => {
    const { wallMs, monotonicMs } = systemClock.now();
    jest.advanceTimersByTime(60_000);
    jest.setSystemTime(wallMs);
    const readings = Array.from({ length: 33 }, () => systemClock.now());
    expect(readings.at(-1)).toEqual({ wallMs, monotonicMs: monotonicMs + 60_000 });
  });

  it('reads both clocks', () => {
    const before = systemClock.now();
    jest.advanceTimersByTime(1500);
    expect(systemClock.now()).toEqual({
      wallMs: before.wallMs + 1500,
      monotonicMs: before.monotonicMs + 1500,
    });
  });

  it('runs a callback once, at its time, unless it was cancelled', () => {
    const ran: string[] = [];
    systemClock.schedule(1000, () => ran.push('kept'));
    const cancel = systemClock.schedule(1000, () => ran.push('cancelled'));
    cancel();
    cancel();
    jest.advanceTimersByTime(999);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(100_000);
    expect(ran).toEqual(['kept']);
  });

  it('runs a callback after a delay that is too long for one timer of Node, unless it was cancelled', () => {
    const ran: string[] = [];
    const days = 30 * 86_400_000;
    systemClock.schedule(days, () => ran.push('kept'));
    const cancel = systemClock.schedule(days, () => ran.push('cancelled'));
    jest.advanceTimersByTime(days - 1);
    expect(ran).toEqual([]);
    cancel();
    jest.advanceTimersByTime(1);
    expect(ran).toEqual(['kept']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets the process exit while a background timer is pending', () => {
    jest.useRealTimers();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const cancels = [systemClock.schedule(60_000, () => {}, { background: true })];
    expect(timers()).toBe(before);
    cancels.push(systemClock.schedule(60_000, () => {}));
    expect(timers()).toBe(before + 1);
    for (const cancel of cancels) cancel();
    expect(timers()).toBe(before);
  });
});

describe('Deadline', () => {
  it('counts down to 0 and not below, also when the wall clock steps', () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1000);
    clock.advance(400);
    clock.stepWall(3_600_000);
    expect(deadline.remainingMs()).toBe(600);
    clock.advance(5000);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('gives work the remaining time, and leaves no timer when the work ends in time', async () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1000);
    const late = (): Error => new Error('late');
    await expect(deadline.race(Promise.resolve('done'), late)).resolves.toBe('done');
    await expect(deadline.race(Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
    expect(clock.pendingMs).toEqual([]);

    const outcome = expect(deadline.race(new Promise(() => {}), late)).rejects.toThrow('late');
    expect(clock.pendingMs).toEqual([1000]);
    clock.advance(1000);
    await outcome;
  });
});
