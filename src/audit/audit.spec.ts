import { describe, expect, it, jest } from '@jest/globals';
import { rejectingElsewhere, unreadable } from '../../test/support/hostile-values.js';
import { SECOND_MS } from '../common/durations.js';
import type { AuditRecord, NudgeAuditOptions } from '../options/audit.options.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { AuditTrail, type IssuedToken } from './audit-trail.js';

const TOKEN = { token: 'a.fake.token', issuedAt: 0, expiresAt: 60_000 };

function audited(options: Partial<NudgeAuditOptions> = {}) {
  const clock = new ManualClock();
  const events = new NudgeAuthEvents();
  const dropped: NudgeAuthEvent[] = [];
  events.subscribe((event) => dropped.push(event));
  const batches: (readonly AuditRecord[])[] = [];
  const lines: string[] = [];
  const audit: NudgeAuditOptions = {
    user: (user) => String(user),
    onIssued: (records) => void batches.push(records),
    ...options,
  };
  const trail = new AuditTrail({
    audit,
    registration: 'default',
    scope: 'client',
    events,
    clock,
    log: { warn: (line) => lines.push(line) },
  });
  const issue = (count: number, first = 0): void => {
    for (let index = first; index < first + count; index += 1) {
      trail.issued({ token: TOKEN, user: `user-${index}`, request: {} });
    }
  };
  return { clock, trail, issue, dropped, batches, lines };
}

const usersOf = (batches: readonly (readonly AuditRecord[])[]): (string | null)[] =>
  batches.flat().map(({ user }) => user);

describe('the audit', () => {
  it('delivers a record within one second, with the fingerprint of the token instead of the token', async () => {
    const { clock, trail, batches } = audited();
    const at = Math.floor(clock.now().wallMs);
    trail.issued({
      token: TOKEN,
      user: 'ada',
      request: { headers: { 'x-request-id': 'r-1' } },
      format: 'text',
    });
    await clock.advanceAsync(SECOND_MS - 1);
    expect(batches).toEqual([]);
    await clock.advanceAsync(1);
    expect(batches).toEqual([
      [
        {
          at,
          registration: 'default',
          user: 'ada',
          requestId: 'r-1',
          tokenFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
          expiresAt: 60_000,
          scope: 'client',
          format: 'text',
        },
      ],
    ]);
    expect(JSON.stringify(batches)).not.toContain(TOKEN.token);
  });

  it('throws nothing when recordIssued() gets wrong values, and counts the records that it cannot make', () => {
    const { trail, dropped } = audited();
    const request = {
      get id(): string {
        throw new Error('simulated fault');
      },
    };
    trail.issued({ token: TOKEN, user: 'ada', request });
    for (const wrong of [undefined, { token: TOKEN }, { request: {} }]) {
      trail.issued(wrong as unknown as IssuedToken);
    }
    const lost = { type: 'audit-dropped', records: 1, reason: 'failed' };
    expect(dropped).toEqual([lost, lost, lost, lost]);
  });

  it.each([
    ['a proxy that cannot be read', unreadable],
    ['a promise of another realm that rejects', rejectingElsewhere],
  ])('loses no other record when its functions throw or return %s', async (_what, hostile) => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    let isFirst = true;
    const received: (string | null)[] = [];
    const { clock, trail, issue, dropped } = audited({
      user: (user) => (user === 'user-1' ? (hostile() as unknown as string) : String(user)),
      onIssued: (records) => {
        received.push(...records.map(({ user }) => user));
        if (!isFirst) return undefined;
        isFirst = false;
        return hostile();
      },
    });
    issue(2);
    await clock.advanceAsync(SECOND_MS);
    issue(1, 2);
    await clock.advanceAsync(SECOND_MS);
    await trail.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(received).toEqual(['user-0', null, 'user-2']);
    expect(dropped).toEqual([{ type: 'audit-dropped', records: 2, reason: 'failed' }]);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('delivers 500 waiting records without a pause, one batch at a time, in order', async () => {
    let finish: () => void = () => undefined;
    const batches: (readonly AuditRecord[])[] = [];
    const { clock, issue } = audited({
      onIssued: (records) => {
        batches.push(records);
        return new Promise((resolve) => (finish = resolve));
      },
    });
    issue(1_200);
    await clock.advanceAsync(0);
    expect(batches.map(({ length }) => length)).toEqual([500]);
    finish();
    await clock.advanceAsync(0);
    finish();
    await clock.advanceAsync(SECOND_MS);
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(usersOf(batches)).toEqual(Array.from({ length: 1_200 }, (_, index) => `user-${index}`));
  });

  it('keeps the first 10,000 records of a burst of 100,000, and reports the number of the others in one event', async () => {
    const { clock, issue, batches, dropped } = audited();
    issue(100_000);
    await clock.advanceAsync(SECOND_MS);
    expect(usersOf(batches)).toEqual(Array.from({ length: 10_000 }, (_, index) => `user-${index}`));
    expect(dropped).toEqual([{ type: 'audit-dropped', records: 90_000, reason: 'queue-full' }]);
    issue(1, 7);
    await clock.advanceAsync(SECOND_MS);
    expect(usersOf(batches).at(-1)).toBe('user-7');
  });

  it('loses a batch when the host’s function throws or hangs, aborts its signal, and delivers later batches', async () => {
    let calls = 0;
    let signal: AbortSignal | undefined;
    const { clock, issue, dropped } = audited({
      onIssued: (_records, given) => {
        calls += 1;
        signal = given;
        if (calls === 1) throw new Error('the host’s function failed');
        return new Promise(() => undefined);
      },
    });
    issue(3);
    await clock.advanceAsync(SECOND_MS);
    expect(dropped).toEqual([{ type: 'audit-dropped', records: 3, reason: 'failed' }]);
    issue(2);
    await clock.advanceAsync(SECOND_MS);
    expect(signal?.aborted).toBe(false);
    await clock.advanceAsync(5 * SECOND_MS);
    expect(signal?.aborted).toBe(true);
    expect(dropped.at(-1)).toEqual({ type: 'audit-dropped', records: 2, reason: 'timeout' });
  });

  it('delivers the waiting records when the application closes, and counts them as lost after two seconds', async () => {
    const quick = audited();
    quick.issue(700);
    const closed = quick.trail.close();
    await quick.clock.advanceAsync(1);
    await closed;
    expect(usersOf(quick.batches)).toHaveLength(700);
    expect(quick.dropped).toEqual([]);

    const hanging = audited({ onIssued: () => new Promise(() => undefined) });
    hanging.issue(700);
    const given = hanging.trail.close();
    await hanging.clock.advanceAsync(2 * SECOND_MS);
    await given;
    await hanging.clock.advanceAsync(5 * SECOND_MS);
    expect(hanging.dropped).toEqual([{ type: 'audit-dropped', records: 700, reason: 'closed' }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new RangeError('ada@example.com');
      },
      /failed \(RangeError\)/,
    ],
    ['is asynchronous', () => Promise.reject(new Error('ada')), /returned no string \(a promise\)/],
    ['returns nothing', () => undefined, /returned no string \(undefined\)/],
  ])('records no user and warns once a minute when the host’s function %s', async (_what, user, line) => {
    const { clock, issue, batches, lines } = audited({ user: user as unknown as NudgeAuditOptions['user'] });
    issue(2);
    await clock.advanceAsync(SECOND_MS);
    expect(usersOf(batches)).toEqual([null, null]);
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines.join()).not.toContain('ada');
  });
});
