import { describe, expect, it, jest } from '@jest/globals';
import diagnostics from 'node:diagnostics_channel';
import { Canaries, everythingSaidBy } from '../../test/support/canaries.js';
import { rejectingElsewhere, unreadable } from '../../test/support/hostile-values.js';
import { askAndPass, FAKE_API_KEY, TokenLife } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeAuthEvents, type NudgeAuthEvent, type NudgeAuthEventOf } from './events.js';
import { LogLines } from './log-lines.js';
import { StatusBoard } from './status-board.js';

const FAILED: NudgeAuthEventOf<'failed'> = {
  type: 'failed',
  reason: 'rotation',
  code: 'NUDGE_UNAVAILABLE',
  message: 'Nudge answered with status 502',
  retryInMs: 700,
};
const RENEWED: NudgeAuthEventOf<'renewed'> = {
  type: 'renewed',
  reason: 'rotation',
  from: 'vendor',
  tookMs: 12,
  lifeMs: HOUR_MS,
  keyFingerprint: '0a1b2c3d',
  skewMs: 200,
  isLonger: true,
};
const RECOVERED: NudgeAuthEvent = { type: 'recovered', failures: 3, failedForMs: 4_200 };
const PRIMARY_REFUSED: NudgeAuthEvent = { type: 'key-refused', role: 'primary', keyFingerprint: '0a1b2c3d' };

const KEYS_LOST: NudgeAuthEventOf<'user-keys-lost'> = {
  type: 'user-keys-lost',
  reason: 'status',
  detail: '404',
  url: 'https://id.example/keys',
};

function logged() {
  const clock = new ManualClock();
  const events = new NudgeAuthEvents();
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logLines = new LogLines(
    events,
    { log: write('log'), warn: write('warn'), error: write('error') },
    clock,
  );
  return {
    clock,
    lines,
    logLines,
    /** Emits events, and returns the lines that they brought. */
    emit: (...emitted: NudgeAuthEvent[]): string[] => {
      const before = lines.length;
      for (const event of emitted) events.emit(event);
      return lines.slice(before);
    },
  };
}

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
    const options = { scope: 'user', extId: () => 'unused' } as const;
    const life = TokenLife.onManualClock({ options }, clock);
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
    const options = { scope: 'user', extId: () => 'unused', budget: { callsPerMinute: 60 } } as const;
    const life = TokenLife.onManualClock({ options, budget: 'of-the-process' });
    const requests = life.askAll(20, (index) => ({ extId: `user-${index}` }));
    await life.clock.advanceAsync(10);
    expect(life.events.counts.callsWaiting).toBeGreaterThan(0);
    await life.clock.advanceAsync(MINUTE_MS);
    await requests;
    expect(life.events.counts.callsWaiting).toBe(0);
  });
});

describe('log lines', () => {
  it.each<{ event: NudgeAuthEvent; line: RegExp }>([
    {
      event: FAILED,
      line: /^warn .*cannot be renewed \(NUDGE_UNAVAILABLE\): Nudge answered with status 502\..* due in 1 s\. Run `npx nestjs-nudge-auth doctor`\.$/,
    },
    { event: RECOVERED, line: /^log .*renewed again, after 3 failed attempts in 5 s\.$/ },
    {
      event: { type: 'paused', forMs: 30_000 },
      line: /^warn .*429.*30 s.*1200.*lower budget\.callsPerMinute/,
    },
    {
      event: { type: 'budget-spent', waiting: 7, retryInMs: 6_000 },
      line: /^warn .*\(waiting callers: 7\).*6 s\. Raise budget/,
    },
    {
      event: PRIMARY_REFUSED,
      line: /^error .*primary API key \(fingerprint 0a1b2c3d\)\. Likely causes: a wrong .* public key .* not enabled/,
    },
    {
      event: { type: 'key-in-use', role: 'fallback', keyFingerprint: 'f0' },
      line: /^warn .*fallback.*replace the primary key/,
    },
    {
      event: { type: 'store-lost', operation: 'read', reason: undefined },
      line: /^warn .*store does not answer \(read\)/,
    },
    {
      event: { type: 'store-lost', operation: 'read', reason: 'WRONGPASS' },
      line: /^warn .*store does not answer \(read, WRONGPASS\): this process gets its own tokens/,
    },
    {
      event: { type: 'audit-dropped', records: 7, reason: 'timeout' },
      line: /^warn 7 records of the audit are lost: audit\.onIssued took more than 5 s/,
    },
    { event: { ...RENEWED, skewMs: 95_000 }, line: /^warn .*95 s behind Nudge's: check its time sync/ },
    { event: { ...RENEWED, skewMs: -95_000 }, line: /^warn .*95 s ahead of Nudge's/ },
    { event: { ...RENEWED, isLonger: false }, line: /^warn .*no later than the last one/ },
  ])('say what the event $event.type means and what to do', ({ event, line }) => {
    const { emit } = logged();
    const lines = emit(event);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });

  it.each<NudgeAuthEvent>([
    { type: 'renewal-started', reason: 'cold' },
    { type: 'closed' },
    { type: 'invalidated' },
    RENEWED,
    { ...RENEWED, skewMs: undefined },
    { ...RENEWED, skewMs: 29_000 },
    { ...FAILED, code: 'NUDGE_RATE_LIMITED' },
    { ...FAILED, code: 'NUDGE_CREDENTIALS_REJECTED' },
  ])('stay silent for an event that needs no action or has a better line elsewhere ($type)', (event) => {
    expect(logged().emit(event)).toEqual([]);
  });

  it('report an outage once, however long it lasts, and its end once', () => {
    const { emit, clock, lines } = logged();
    for (let attempt = 0; attempt < 120; attempt += 1) {
      emit(FAILED);
      clock.advance(30 * SECOND_MS);
    }
    emit(RECOVERED, RENEWED);
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'log ']);
  });

  it('report a refused key once, however often it is refused, until Nudge accepts it again', () => {
    const { emit, clock, lines } = logged();
    for (let hour = 0; hour < 3; hour += 1) {
      emit(PRIMARY_REFUSED);
      clock.advance(HOUR_MS);
    }
    expect(lines).toHaveLength(1);
    emit(RENEWED);
    expect(emit(PRIMARY_REFUSED)).toHaveLength(1);
    clock.advance(HOUR_MS);
    expect(emit({ ...PRIMARY_REFUSED, keyFingerprint: 'ffffffff' })).toHaveLength(1);
  });

  it('report that the primary key is in use again after the fallback', () => {
    const { emit, clock } = logged();
    emit({ type: 'key-in-use', role: 'fallback', keyFingerprint: 'ffffffff' });
    clock.advance(5 * MINUTE_MS);
    expect(emit({ type: 'key-in-use', role: 'primary', keyFingerprint: '0a1b2c3d' })).toEqual([
      'log The primary API key (fingerprint 0a1b2c3d) is in use again.',
    ]);
  });

  it('repeat a topic once a minute at most, and the last line matches the state', () => {
    const { emit, clock, lines } = logged();
    for (let second = 0; second < 10; second += 1) {
      emit(FAILED);
      clock.advance(SECOND_MS);
      emit(RECOVERED);
      clock.advance(SECOND_MS);
    }
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'log ']);
    emit(FAILED);
    expect(lines).toHaveLength(2);
    clock.advance(MINUTE_MS);
    emit(FAILED);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^warn .*cannot be renewed/);
  });

  it('end with the present state of a store that was lost and came back within a minute', () => {
    const { emit, clock, lines } = logged();
    const lost: NudgeAuthEvent = { type: 'store-lost', operation: 'read', reason: 'timeout' };
    emit(lost, { type: 'store-back' }, lost);
    expect(lines).toHaveLength(2);
    clock.advance(MINUTE_MS);
    expect(emit(RENEWED)).toEqual([expect.stringMatching(/^warn .*store does not answer/)]);
    emit({ type: 'store-back' });
    clock.advance(MINUTE_MS);
    expect(emit(RENEWED)).toEqual(
      lines.at(-1)?.startsWith('log') === true ? [] : [expect.stringMatching(/^log/)],
    );
  });

  it('report a recovery after an unusable answer when the next token comes from Nudge', () => {
    const { emit } = logged();
    emit({ ...FAILED, code: 'NUDGE_BAD_RESPONSE' });
    expect(emit({ ...RENEWED, from: 'store' })).toEqual([]);
    expect(emit(RENEWED)).toEqual(['log Nudge tokens are renewed again.']);
    expect(emit(RENEWED)).toEqual([]);
  });

  it('report a second failure with another reason, and a recovery after a pause', () => {
    const { emit } = logged();
    emit(FAILED);
    expect(emit({ ...FAILED, code: 'NUDGE_TIMEOUT' })).toHaveLength(1);
    emit({ ...FAILED, code: 'NUDGE_RATE_LIMITED' });
    expect(emit(RECOVERED)).toHaveLength(1);
  });

  it('come again when a wrong clock or a repeated token comes back after it had ended', () => {
    const { emit, clock } = logged();
    const odd = { ...RENEWED, skewMs: 95_000, isLonger: false };
    expect(emit(odd, odd, odd)).toHaveLength(2);
    expect(emit(RENEWED)).toEqual([]);
    clock.advance(2 * MINUTE_MS);
    expect(emit(odd)).toHaveLength(2);
  });
});

describe("log lines about the keys that verify users' JWTs", () => {
  it('report a failed fetch with cause and cure, and the next success', () => {
    const { emit } = logged();
    expect(emit(KEYS_LOST, KEYS_LOST)).toEqual([
      expect.stringMatching(
        /^warn .*from https:\/\/id\.example\/keys: it answers with an error \(404\)\. .*check the path in userJwt\.jwksUri/,
      ),
    ]);
    expect(emit({ type: 'user-keys-back' })).toEqual([
      "log The keys that verify users' JWTs are fetched again.",
    ]);
  });

  it.each([
    ['unreachable', 'ECONNREFUSED', /it cannot be reached \(ECONNREFUSED\)\. .*firewall and the proxy/],
    ['timeout', undefined, /it does not answer in time\. /],
    ['redirect', '302', /with a redirect, which is not followed \(302\)\. .*the address that it leads to/],
    ['no-jwks', undefined, /its answer is no JWK set\. .*openid-configuration/],
    ['too-large', undefined, /larger than any JWK set/],
    ['no-usable-key', undefined, /no key that can verify these users\. .*userJwt\.algorithms/],
  ] as const)('name cause and cure of the failure %s', (reason, detail, line) => {
    expect(logged().emit({ ...KEYS_LOST, reason, detail })).toEqual([expect.stringMatching(line)]);
  });
});

describe('the status', () => {
  it('is empty before the first request', () => {
    expect(TokenLife.onManualClock().service.status()).toEqual({
      scope: 'client',
      enabled: true,
      canServe: true,
      canRenew: true,
      renewalFailure: undefined,
      hasStore: false,
      heldTokens: 0,
      tokens: [],
      nextAttemptInMs: 0,
      lastSuccessAt: undefined,
      lastFailure: undefined,
      fallbackInUse: false,
      skewMs: undefined,
      storeAvailable: true,
      auditDropped: 0,
      userKeys: { state: 'none' },
    });
  });

  it('has key, age and remaining life of every held token, but in scope user only their number', async () => {
    const life = TokenLife.onManualClock();
    await askAndPass(life, SECOND_MS + 1, { expiryMins: 30 });
    await askAndPass(life, 1);
    const { tokens, lastSuccessAt } = life.service.status();
    expect(tokens).toEqual([
      { expiryMins: 60, keyFingerprint: 'cafe0001', ageMs: 0, remainingMs: HOUR_MS - SECOND_MS - 1 },
      {
        expiryMins: 30,
        keyFingerprint: 'cafe0001',
        ageMs: SECOND_MS + 1,
        remainingMs: 30 * MINUTE_MS - 2 * SECOND_MS - 2,
      },
    ]);
    expect(lastSuccessAt).toBe(life.clock.now().wallMs);

    const users = TokenLife.onManualClock({ options: { scope: 'user', extId: () => 'unused' } });
    for (const extId of ['ada', 'bob']) await askAndPass(users, 10, { extId });
    expect(users.service.status()).toMatchObject({ scope: 'user', heldTokens: 2, tokens: [] });
  });

  it('has the last failure and the time of the next attempt, and keeps the failure after a recovery', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 5_000 };
    await askAndPass(life, 1);
    const lastFailure = { code: 'NUDGE_UNAVAILABLE', at: life.clock.now().wallMs };
    expect(life.service.status()).toMatchObject({
      lastFailure,
      nextAttemptInMs: 5_000,
      lastSuccessAt: undefined,
    });
    life.vendor.behaviour = { kind: 'well' };
    await life.clock.advanceAsync(5_000);
    await askAndPass(life);
    expect(life.service.status()).toMatchObject({ lastFailure, nextAttemptInMs: 0, heldTokens: 1 });
  });

  it('keeps the known skew when an answer brings none', () => {
    const events = new NudgeAuthEvents();
    const board = new StatusBoard(events, new ManualClock());
    events.emit({ ...RENEWED, skewMs: -700 });
    events.emit({ ...RENEWED, skewMs: undefined });
    expect(board.summary.skewMs).toBe(-700);
  });

  it('has the key in use, the state of the store, and the last failure of a spent budget', () => {
    const events = new NudgeAuthEvents();
    const board = new StatusBoard(events, new ManualClock());
    events.emit({ type: 'key-in-use', role: 'fallback', keyFingerprint: 'f0' });
    events.emit({ type: 'store-lost', operation: 'read', reason: 'timeout' });
    events.emit({ type: 'budget-spent', waiting: 1, retryInMs: 1 });
    expect(board.summary).toMatchObject({
      fallbackInUse: true,
      storeAvailable: false,
      lastFailure: { code: 'NUDGE_RATE_LIMITED' },
    });
    events.emit({ type: 'key-in-use', role: 'primary', keyFingerprint: 'f1' });
    events.emit({ type: 'store-back' });
    for (const event of [
      RECOVERED,
      PRIMARY_REFUSED,
      { type: 'invalidated' },
      { type: 'paused', forMs: 1 },
    ] as const) {
      events.emit(event);
    }
    expect(board.summary).toMatchObject({ fallbackInUse: false, storeAvailable: true });
  });

  it('has whether the keys of users can be fetched, and if not since when and why', () => {
    const events = new NudgeAuthEvents();
    const clock = new ManualClock();
    const board = new StatusBoard(events, clock, { hasJwks: true });
    expect(board.summary.userKeys).toEqual({ state: 'available' });
    events.emit(KEYS_LOST);
    const since = clock.now().wallMs;
    clock.advance(MINUTE_MS);
    expect(board.summary.userKeys).toEqual({ state: 'unavailable', reason: 'status', since });
    events.emit({ type: 'user-keys-back' });
    expect(board.summary.userKeys).toEqual({ state: 'available' });
  });
});
