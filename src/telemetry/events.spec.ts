import { describe, expect, it, jest } from '@jest/globals';
import diagnostics from 'node:diagnostics_channel';
import { Canaries, everythingSaidBy } from '../../test/support/canaries.js';
import { rejectingElsewhere, unreadable } from '../../test/support/hostile-values.js';
import { FAILED, RECOVERED } from '../../test/support/sample-events.js';
import { askAndPass, FAKE_API_KEY, TokenLife, USER_SCOPE } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from './events.js';
import { LogLines } from './log-lines.js';

describe('the stream of events', () => {
  it('passes every event to every listener until its subscription ends', () => {
    const events = new NudgeAuthEvents();
    const received: string[] = [];
    const listener = ({ type }: NudgeAuthEvent): number => received.push(type);
    const ends = [events.subscribe(listener), events.subscribe(listener)];
    events.emit(FAILED);
    ends[0]?.();
    ends[0]?.();
    events.emit(RECOVERED);
    ends[1]?.();
    events.emit(FAILED);
    expect(received).toEqual(['failed', 'failed', 'recovered']);
  });

  it('goes on when a listener throws, rejects or changes the event, and reports the first error of each', async () => {
    const life = TokenLife.onManualClock();
    const faults: unknown[] = [];
    const events = new NudgeAuthEvents('default', (error) => faults.push(error));
    const received: unknown[] = [];
    const thrown = new Error('a listener with a fault');
    const listeners: ((event: NudgeAuthEvent) => unknown)[] = [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
      (event) => Object.assign(event, { type: 'closed' }),
      (event) => received.push(event.type),
    ];
    for (const source of [events, life.events]) {
      for (const listener of listeners) source.subscribe(listener);
    }
    for (let times = 0; times < 2; times += 1) events.emit({ ...FAILED });
    await Promise.resolve();
    expect(received).toEqual(['failed', 'failed']);
    expect(faults).toEqual([thrown, expect.any(TypeError), thrown]);
    expect((await askAndPass(life)).error).toBeUndefined();
  });

  it('goes on when a listener fails as no listener should, and when the report of it fails too', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const life = TokenLife.onManualClock();
    const events = new NudgeAuthEvents('default', () => {
      throw new Error('a logger with a fault');
    });
    for (const source of [events, life.events]) {
      for (const listener of [unreadable, rejectingElsewhere] as (() => unknown)[])
        source.subscribe(listener);
    }
    events.emit({ ...FAILED });
    expect((await askAndPass(life)).error).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('gives an event to no listener that subscribes during it', () => {
    const events = new NudgeAuthEvents();
    let received = 0;
    const listener = (): void => {
      received += 1;
      if (received < 100) events.subscribe(listener);
    };
    events.subscribe(listener);
    events.emit({ ...FAILED });
    expect(received).toBe(1);
    events.emit({ ...FAILED });
    expect(received).toBe(3);
  });

  it('names the reason of each renewal', async () => {
    const life = TokenLife.onManualClock();
    await askAndPass(life);
    await askAndPass(life);
    await life.clock.advanceAsync(MINUTE_MS);
    await askAndPass(life);
    await life.clock.advanceAsync(SECOND_MS);
    await askAndPass(life, 10, { forceRefresh: true });
    const reasons = ['cold', 'rotation', 'forced'];
    expect(life.eventsOf('renewed').map(({ reason }) => reason)).toEqual(reasons);
    expect(life.eventsOf('renewal-started').map(({ reason }) => reason)).toEqual(reasons);
    expect(life.happened.slice(0, 2).map(({ type }) => type)).toEqual(['renewal-started', 'renewed']);
  });

  it('appears on the diagnostics channels of the process with the name of the registration', () => {
    const received: unknown[] = [];
    const listener = (message: unknown): number => received.push(message);
    const [named, unnamed] = [new NudgeAuthEvents('emea'), new NudgeAuthEvents()];
    diagnostics.subscribe('nestjs-nudge-auth:recovered', listener);
    named.emit(RECOVERED);
    named.emit({ type: 'invalidated' });
    unnamed.emit(RECOVERED);
    diagnostics.unsubscribe('nestjs-nudge-auth:recovered', listener);
    named.emit(RECOVERED);
    expect(received).toEqual([
      { registration: 'emea', ...RECOVERED },
      { registration: 'default', ...RECOVERED },
    ]);
  });

  it('reaches all others where a subscriber of a channel throws, which is an uncaught exception of the process', async () => {
    const uncaught: unknown[] = [];
    const received: unknown[] = [];
    const fault = new Error('a subscriber with a fault');
    const listeners = [
      (): never => {
        throw fault;
      },
      (message: unknown): number => received.push(message),
    ];
    for (const each of listeners) diagnostics.subscribe('nestjs-nudge-auth:recovered', each);
    process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
    new NudgeAuthEvents().emit(RECOVERED);
    await new Promise((resolve) => setImmediate(resolve));
    process.setUncaughtExceptionCaptureCallback(null);
    for (const each of listeners) diagnostics.unsubscribe('nestjs-nudge-auth:recovered', each);
    expect(received).toEqual([{ registration: 'default', ...RECOVERED }]);
    expect(uncaught).toEqual([fault]);
  });

  it('reveals no key, token or user in events, log lines, counts and status, whatever Nudge answers', async () => {
    const clock = new ManualClock();
    const life = TokenLife.onManualClock({ options: USER_SCOPE }, clock);
    const canaries = new Canaries().plant('key', FAKE_API_KEY).plant('user', 'canary-user-id');
    const output: unknown[] = [];
    life.events.subscribe((event) => output.push(event, life.events.counts));
    const write = (message: string): number => output.push(message);
    output.push(new LogLines(life.events, { log: write, warn: write, error: write }, clock));
    const request = { extId: 'canary-user-id' };
    for (const behaviour of [
      { kind: 'well' },
      { kind: 'failing', code: 'NUDGE_RATE_LIMITED' },
      { kind: 'repeating' },
      { kind: 'throwing' },
      { kind: 'failing', code: 'NUDGE_CREDENTIALS_REJECTED' },
      { kind: 'aged', ageMs: 2 * HOUR_MS },
    ] as const) {
      life.vendor.behaviour = behaviour;
      await askAndPass(life, MINUTE_MS, { ...request, forceRefresh: true });
      output.push(life.service.status());
    }
    await life.service.invalidate(request);
    for (const token of life.vendor.issued.keys()) canaries.plant('token', token);
    expect(output.length).toBeGreaterThan(15);
    expect(canaries.foundIn(everythingSaidBy(output))).toEqual([]);
  });
});

describe('the counts', () => {
  it('hold how requests ended: held, waited, stale, or failed with their code', async () => {
    const life = TokenLife.onManualClock();
    const { requests, vendorCalls } = life.events.counts;
    await askAndPass(life);
    await askAndPass(life);
    expect(requests).toMatchObject({ held: 1, waited: 1, stale: 0 });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE' };
    await life.clock.advanceAsync(HOUR_MS - 10 * MINUTE_MS);
    await askAndPass(life, SECOND_MS);
    expect(requests).toMatchObject({ held: 1, waited: 1, stale: 1 });
    await life.clock.advanceAsync(11 * MINUTE_MS);
    await askAndPass(life);
    await askAndPass(life, 10, { expiryMins: 7 });
    expect(Object.fromEntries(requests.failed.entries())).toEqual({
      NUDGE_UNAVAILABLE: 1,
      NUDGE_INVALID_REQUEST: 1,
    });
    expect(vendorCalls.succeeded).toBe(1);
    expect(Object.fromEntries(vendorCalls.failed.entries())).toEqual({ NUDGE_UNAVAILABLE: 2 });
  });

  it('hold how many calls wait for a place in the budget', async () => {
    const options = { ...USER_SCOPE, budget: { callsPerMinute: 60 } };
    const life = TokenLife.onManualClock({ options, budget: 'of-the-process' });
    const requests = life.askAll(20, (index) => ({ extId: `user-${index}` }));
    await life.clock.advanceAsync(10);
    expect(life.events.counts.callsWaiting).toBeGreaterThan(0);
    await life.clock.advanceAsync(MINUTE_MS);
    await requests;
    expect(life.events.counts.callsWaiting).toBe(0);
  });
});
