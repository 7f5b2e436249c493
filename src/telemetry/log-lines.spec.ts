import { describe, expect, it } from '@jest/globals';
import { FAILED, KEYS_LOST, PRIMARY_REFUSED, RECOVERED, RENEWED } from '../../test/support/sample-events.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from './events.js';
import { LogLines } from './log-lines.js';

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
