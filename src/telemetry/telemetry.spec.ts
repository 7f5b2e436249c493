import { describe, expect, it } from '@jest/globals';
import diagnostics from 'node:diagnostics_channel';
import { Canaries, everythingSaidBy } from '../../test/support/canaries.js';
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
    /** Emits events, and gives back the lines that they made. */
    say: (...happened: NudgeAuthEvent[]): string[] => {
      const before = lines.length;
      for (const event of happened) events.emit(event);
      return lines.slice(before);
    },
  };
}

describe('the stream of events', () => {
  it('tells every listener of every change until its subscription ends', () => {
    const events = new NudgeAuthEvents();
    const heard: string[] = [];
    const listener = ({ type }: NudgeAuthEvent): number => heard.push(type);
    const ends = [events.subscribe(listener), events.subscribe(listener)];
    events.emit(FAILED);
    ends[0]?.();
    ends[0]?.();
    events.emit(RECOVERED);
    ends[1]?.();
    events.emit(FAILED);
    expect(heard).toEqual(['failed', 'failed', 'recovered']);
  });

  it('is not disturbed by listeners that throw, reject or change the event, and tells of their first errors', async () => {
    const life = TokenLife.onManualClock();
    const faults: unknown[] = [];
    const events = new NudgeAuthEvents('default', (error) => faults.push(error));
    const heard: unknown[] = [];
    const thrown = new Error('a listener with a fault');
    const listeners: ((event: NudgeAuthEvent) => unknown)[] = [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
      (event) => Object.assign(event, { type: 'closed' }),
      (event) => heard.push(event.type),
    ];
    for (const source of [events, life.events]) {
      for (const listener of listeners) source.subscribe(listener);
    }
    for (let times = 0; times < 2; times += 1) events.emit({ ...FAILED });
    await Promise.resolve();
    expect(heard).toEqual(['failed', 'failed']);
    expect(faults).toEqual([thrown, expect.any(TypeError), thrown]);
    expect((await askAndPass(life)).error).toBeUndefined();
  });

  it('says for what reason a token is renewed, and never which', async () => {
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

  it('is on the diagnostics channels of the process, with the name of the registration', () => {
    const heard: unknown[] = [];
    const listener = (message: unknown): number => heard.push(message);
    const [named, unnamed] = [new NudgeAuthEvents('emea'), new NudgeAuthEvents()];
    diagnostics.subscribe('nestjs-nudge-auth:recovered', listener);
    named.emit(RECOVERED);
    named.emit({ type: 'invalidated' });
    unnamed.emit(RECOVERED);
    diagnostics.unsubscribe('nestjs-nudge-auth:recovered', listener);
    named.emit(RECOVERED);
    expect(heard).toEqual([
      { registration: 'emea', ...RECOVERED },
      { registration: 'default', ...RECOVERED },
    ]);
  });

  it('holds neither key nor token nor user, whatever happens, and nor do lines and status', async () => {
    const clock = new ManualClock();
    const options = { scope: 'user', extId: () => 'unused' } as const;
    const life = TokenLife.onManualClock({ options }, clock);
    const canaries = new Canaries().plant('key', FAKE_API_KEY).plant('user', 'canary-user-id');
    const said: unknown[] = [];
    life.events.subscribe((event) => said.push(event, life.events.counts));
    const write = (message: string): number => said.push(message);
    said.push(new LogLines(life.events, { log: write, warn: write, error: write }, clock));
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
      said.push(life.service.status());
    }
    await life.service.invalidate(request);
    for (const token of life.vendor.issued.keys()) canaries.plant('token', token);
    expect(said.length).toBeGreaterThan(15);
    expect(canaries.foundIn(everythingSaidBy(said))).toEqual([]);
  });
});

describe('the counts', () => {
  it('tell how requests ended: held, waited, stale, or failed by their code', async () => {
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

  it('tell how many calls wait for their place in the budget', async () => {
    const options = { scope: 'user', extId: () => 'unused', budget: { callsPerMinute: 60 } } as const;
    const life = TokenLife.onManualClock({ options, budget: 'of-the-process' });
    const fares = life.askAll(20, (index) => ({ extId: `user-${index}` }));
    await life.clock.advanceAsync(10);
    expect(life.events.counts.callsWaiting).toBeGreaterThan(0);
    await life.clock.advanceAsync(MINUTE_MS);
    await fares;
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
      line: /^warn .*\(7 waiting\).*6 s\. Raise budget/,
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
      line: /^warn .*store does not answer \(read, WRONGPASS\): this process goes on by itself/,
    },
    {
      event: { type: 'audit-dropped', records: 7, reason: 'timeout' },
      line: /^warn 7 records of the audit are lost: audit\.onIssued took more than 5 s/,
    },
    { event: { ...RENEWED, skewMs: 95_000 }, line: /^warn .*95 s behind Nudge's: check its time sync/ },
    { event: { ...RENEWED, skewMs: -95_000 }, line: /^warn .*95 s ahead of Nudge's/ },
    { event: { ...RENEWED, isLonger: false }, line: /^warn .*no longer than the last one/ },
  ])('say what $event.type means and what to do', ({ event, line }) => {
    const { say } = logged();
    const lines = say(event);
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
  ])('say nothing of what needs nobody, or is said better elsewhere ($type)', (event) => {
    expect(logged().say(event)).toEqual([]);
  });

  it('are one for an outage, however long, and one for its end', () => {
    const { say, clock, lines } = logged();
    for (let attempt = 0; attempt < 120; attempt += 1) {
      say(FAILED);
      clock.advance(30 * SECOND_MS);
    }
    say(RECOVERED, RENEWED);
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'log ']);
  });

  it('are one for a refused key, however often it is tried, until it is taken again', () => {
    const { say, clock, lines } = logged();
    for (let hour = 0; hour < 3; hour += 1) {
      say(PRIMARY_REFUSED);
      clock.advance(HOUR_MS);
    }
    expect(lines).toHaveLength(1);
    say(RENEWED);
    expect(say(PRIMARY_REFUSED)).toHaveLength(1);
    clock.advance(HOUR_MS);
    expect(say({ ...PRIMARY_REFUSED, keyFingerprint: 'ffffffff' })).toHaveLength(1);
  });

  it('tell how the fallback took over and gave back', () => {
    const { say, clock } = logged();
    say({ type: 'key-in-use', role: 'fallback', keyFingerprint: 'ffffffff' });
    clock.advance(5 * MINUTE_MS);
    expect(say({ type: 'key-in-use', role: 'primary', keyFingerprint: '0a1b2c3d' })).toEqual([
      'log The primary API key (fingerprint 0a1b2c3d) serves again.',
    ]);
  });

  it('are written once a minute about the same thing, and their last word is true', () => {
    const { say, clock, lines } = logged();
    for (let second = 0; second < 10; second += 1) {
      say(FAILED);
      clock.advance(SECOND_MS);
      say(RECOVERED);
      clock.advance(SECOND_MS);
    }
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'log ']);
    say(FAILED);
    expect(lines).toHaveLength(2);
    clock.advance(MINUTE_MS);
    say(FAILED);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^warn .*cannot be renewed/);
  });

  it('do not leave a store for lost that is back, nor the other way round', () => {
    const { say, clock, lines } = logged();
    const lost: NudgeAuthEvent = { type: 'store-lost', operation: 'read', reason: 'timeout' };
    say(lost, { type: 'store-back' }, lost);
    expect(lines).toHaveLength(2);
    clock.advance(MINUTE_MS);
    expect(say(RENEWED)).toEqual([expect.stringMatching(/^warn .*store does not answer/)]);
    say({ type: 'store-back' });
    clock.advance(MINUTE_MS);
    expect(say(RENEWED)).toEqual(
      lines.at(-1)?.startsWith('log') === true ? [] : [expect.stringMatching(/^log/)],
    );
  });

  it('tell of an answer that is usable again, though the way was never broken', () => {
    const { say } = logged();
    say({ ...FAILED, code: 'NUDGE_BAD_RESPONSE' });
    expect(say({ ...RENEWED, from: 'store' })).toEqual([]);
    expect(say(RENEWED)).toEqual(['log Nudge tokens are renewed again.']);
    expect(say(RENEWED)).toEqual([]);
  });

  it('tell of another reason, and of a recovery after a pause', () => {
    const { say } = logged();
    say(FAILED);
    expect(say({ ...FAILED, code: 'NUDGE_TIMEOUT' })).toHaveLength(1);
    say({ ...FAILED, code: 'NUDGE_RATE_LIMITED' });
    expect(say(RECOVERED)).toHaveLength(1);
  });

  it('are forgotten where the clock is right again, or the vendor no longer repeats itself', () => {
    const { say, clock } = logged();
    const odd = { ...RENEWED, skewMs: 95_000, isLonger: false };
    expect(say(odd, odd, odd)).toHaveLength(2);
    expect(say(RENEWED)).toEqual([]);
    clock.advance(2 * MINUTE_MS);
    expect(say(odd)).toHaveLength(2);
  });
});

describe('the keys of users', () => {
  it('are told of when they cannot be fetched, with cause and cure, and when they can again', () => {
    const { say } = logged();
    expect(say(KEYS_LOST, KEYS_LOST)).toEqual([
      expect.stringMatching(
        /^warn .*from https:\/\/id\.example\/keys: it answers with an error \(404\)\. .*check the path in userJwt\.jwksUri/,
      ),
    ]);
    expect(say({ type: 'user-keys-back' })).toEqual([
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
  ] as const)('have a line for %s', (reason, detail, line) => {
    expect(logged().say({ ...KEYS_LOST, reason, detail })).toEqual([expect.stringMatching(line)]);
  });
});

describe('the status', () => {
  it('knows nothing in the beginning', () => {
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

  it('tells of every held token its key, its age and what is left, of users only how many', async () => {
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

  it('tells of the last failure and the next attempt, and keeps the failure after the recovery', async () => {
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

  it('keeps a known skew when an answer says nothing of it', () => {
    const events = new NudgeAuthEvents();
    const board = new StatusBoard(events, new ManualClock());
    events.emit({ ...RENEWED, skewMs: -700 });
    events.emit({ ...RENEWED, skewMs: undefined });
    expect(board.summary.skewMs).toBe(-700);
  });

  it('tells which key serves, whether the store does, and that the budget was spent', () => {
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

  it('tells whether the keys of users can be fetched, since when not, and why', () => {
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
