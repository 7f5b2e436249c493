import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Cancel, Clock, Instant } from '../../common/clock.js';
import { FAULT_LAYERS, NudgeEmulator, type EmulatorFault } from '../index.js';

const KEY = 'canary-private-key';
const NOW_MS = Date.UTC(2026, 0, 1, 12);
const NOW_S = NOW_MS / 1000;
const MINUTE_MS = 60_000;

/** Stands still until it is told how much time has passed. */
class ManualClock implements Clock {
  #nowMs = NOW_MS;
  readonly #timers = new Set<{ dueMs: number; callback: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): Instant {
    return { wallMs: this.#nowMs, monotonicMs: this.#nowMs - NOW_MS };
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of this.#timers) {
      if (timer.dueMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

interface Seen {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Why the body ended before its time. */
  brokenBy?: string;
}

let clock: ManualClock;
let nudge: NudgeEmulator;

beforeEach(async () => {
  clock = new ManualClock();
  nudge = await NudgeEmulator.start({ apiKeys: [KEY, 'second'], clock });
});

afterEach(() => nudge.stop());

function open(query = 'expiryMins=60', apikey = KEY): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(`${nudge.url}/clients/jwt/token?${query}`, { agent: false, headers: { apikey } }, resolve)
      .on('error', reject)
      .end();
  });
}

async function read(response: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  const seen = { status: response.statusCode ?? 0, headers: response.headers };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return { ...seen, body: Buffer.concat(chunks) };
  } catch (error) {
    return { ...seen, body: Buffer.concat(chunks), brokenBy: (error as NodeJS.ErrnoException).code };
  }
}

async function get(query?: string, apikey?: string): Promise<Seen> {
  return read(await open(query, apikey));
}

const tokenOf = ({ body }: Seen): string => (JSON.parse(body.toString()) as { token: string }).token;
const claimsOf = async (query?: string) => decodeJwt(tokenOf(await get(query)));
const statusOf = async (query?: string, apikey?: string) => (await get(query, apikey)).status;

describe('how faults are set', () => {
  it('lasts until it is cleared, or for as many requests as it says', async () => {
    nudge.setFault({ kind: 'status', status: 500 });
    expect([await statusOf(), await statusOf()]).toEqual([500, 500]);
    nudge.clearFaults();
    expect(await statusOf()).toBe(200);
    nudge.setFault({ kind: 'status', status: 502, times: 1 });
    expect([await statusOf(), await statusOf()]).toEqual([502, 200]);
  });

  it('serves several of a layer one after another, and lets those of different layers combine', async () => {
    nudge.setFault(
      { kind: 'status', status: 500, times: 1 },
      { kind: 'rate-limit', times: 1 },
      { kind: 'no-date', times: 1 },
    );
    const [first, second, third] = [await get(), await get(), await get()];
    expect([first.status, second.status, third.status]).toEqual([500, 429, 200]);
    expect([first.headers.date, typeof second.headers.date]).toEqual([undefined, 'string']);
    expect(nudge.requests.map(({ faults }) => faults)).toEqual([['status', 'no-date'], ['rate-limit'], []]);
  });

  it('replaces what was set of the same layer and leaves the others alone', async () => {
    nudge.setFault({ kind: 'status', status: 500 });
    nudge.setFault({ kind: 'no-date' });
    nudge.setFault({ kind: 'status', status: 501 });
    const seen = await get();
    expect([seen.status, seen.headers.date]).toEqual([501, undefined]);
    nudge.reset();
    expect(nudge.state.faults).toEqual([]);
  });

  it('hits only the requests it is meant for', async () => {
    nudge.setFault(
      { kind: 'status', status: 500, only: { extId: 'ada' } },
      { kind: 'status', status: 501, only: { apiKey: 'second' } },
    );
    expect(await statusOf()).toBe(200);
    expect(await statusOf('expiryMins=60&extId=ada')).toBe(500);
    expect(await statusOf('expiryMins=60', 'second')).toBe(501);
    expect(JSON.stringify(nudge.state)).not.toContain('second');
    expect(nudge.state.faults[1]?.fault).toMatchObject({ only: { apiKeyFingerprint: expect.any(String) } });
  });

  it('uses up a fault of the token only on requests that get one', async () => {
    nudge.setFault({ kind: 'garbage-token', times: 1 });
    expect(await statusOf('')).toBe(400);
    expect(nudge.state.faults).toMatchObject([{ layer: 'token', remaining: 1 }]);
    expect(tokenOf(await get())).toBe('this is not a JWT');
    expect((await claimsOf()).exp).toBe(NOW_S + 3600);
  });

  it.each<[unknown, RegExp]>([
    [{ kind: 'nonsense' }, /Invalid fault: kind: must be one of latency, status/],
    [{ kind: 'latency' }, /latencyMs/],
    [{ kind: 'latency', latencyMs: -1 }, /latencyMs/],
    [{ kind: 'status', status: 600 }, /status/],
    [{ kind: 'status', status: 500, surprise: 1 }, /surprise/],
    [{ kind: 'status', status: 500, times: 0 }, /times/],
    [{ kind: 'status', status: 500, retryAfterS: 1, retryAfterText: 'x' }, /cannot stand beside/],
    [{ kind: 'redirect', location: 'http://x/\r\nset-cookie: a' }, /printable ASCII/],
    [{ kind: 'redirect', status: 200 }, /status/],
    [{ kind: 'wrong-json', json: () => 1 }, /json/],
    ['status', /Invalid fault/],
  ])('refuses %j', (fault, message) => {
    expect(() => nudge.setFault(fault as EmulatorFault)).toThrow(message);
    expect(nudge.state.faults).toEqual([]);
  });

  it('refuses a fault that could never be reached', () => {
    const endless: EmulatorFault = { kind: 'status', status: 500 };
    expect(() => nudge.setFault(endless, { kind: 'rate-limit' })).toThrow(/1: can never be reached.*answer/);
  });
});

describe('faults of the layer delay', () => {
  it('issues the token after the wait where the way there is slow, and before it where the way back is', async () => {
    nudge.setFault(
      { kind: 'latency', latencyMs: 5000, times: 1 },
      { kind: 'latency', latencyMs: 5000, leg: 'response' },
    );
    const there = get();
    await nudge.untilReceived(1);
    expect(nudge.requests).toMatchObject([{ outcome: 'pending' }]);
    clock.advance(5000);
    expect(decodeJwt(tokenOf(await there)).iat).toBe(NOW_S + 5);
    expect(nudge.requests).toMatchObject([{ outcome: 'answered', durationMs: 5000 }]);

    const back = get();
    await nudge.untilReceived(2);
    clock.advance(5000);
    const seen = await back;
    expect(decodeJwt(tokenOf(seen)).iat).toBe(NOW_S + 5);
    expect(Date.parse(seen.headers.date ?? '')).toBe(NOW_MS + 5000);
  });

  it('shows which requests overlapped, and forgets the wait when the client leaves', async () => {
    await get();
    nudge.setFault({ kind: 'latency', latencyMs: 1000 });
    const first = get();
    await nudge.untilReceived(2);
    const second = httpRequest(`${nudge.url}/clients/jwt/token`, { agent: false }).on('error', () => {});
    second.end();
    await nudge.untilReceived(3);
    expect(nudge.counters.maxConcurrent).toBe(2);
    expect(clock.pending).toBe(2);
    second.destroy();
    while (nudge.requests[2]?.outcome === 'pending') await nextTurn();
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    await first;
    expect(nudge.requests.map(({ overlapped }) => overlapped)).toEqual([false, true, true]);
    expect(nudge.requests.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'abandoned']);
  });
});

describe('faults of the layer answer', () => {
  it('answers any status, whoever asks for whatever', async () => {
    nudge.setFault({ kind: 'status', status: 503, message: 'maintenance' });
    const seen = await get('', 'unknown key');
    expect([seen.status, JSON.parse(seen.body.toString())]).toEqual([503, { message: 'maintenance' }]);
    expect(seen.headers['retry-after']).toBeUndefined();
    nudge.setFault({ kind: 'status', status: 204 });
    const empty = await get();
    expect([empty.status, empty.body.length, empty.headers['content-length']]).toEqual([204, 0, undefined]);
    expect(nudge.counters.tokensIssued).toBe(0);
  });

  it.each<[EmulatorFault, number, string]>([
    [{ kind: 'rate-limit' }, 429, '60'],
    [{ kind: 'rate-limit', retryAfterS: 5 }, 429, '5'],
    [{ kind: 'rate-limit', retryAfterText: 'soon' }, 429, 'soon'],
    [{ kind: 'status', status: 503, retryAfterS: -1 }, 503, '-1'],
    [
      { kind: 'status', status: 503, retryAfterS: 90, retryAfterForm: 'http-date' },
      503,
      'Thu, 01 Jan 2026 12:01:30 GMT',
    ],
  ])('says when to come back: %j', async (fault, status, retryAfter) => {
    nudge.setFault(fault);
    const seen = await get();
    expect([seen.status, seen.headers['retry-after']]).toEqual([status, retryAfter]);
  });

  it('redirects, by default to where it sees whether the key was sent along', async () => {
    nudge.setFault({ kind: 'redirect' });
    const response = await fetch(`${nudge.url}/clients/jwt/token?expiryMins=60`, {
      headers: { apikey: KEY },
    });
    expect([response.redirected, response.status]).toEqual([true, 200]);
    expect(await response.text()).not.toContain('token"');
    expect(nudge.counters.keysSeenElsewhere).toBe(1);
    expect(nudge.requests[1]).toMatchObject({
      path: '/redirect-target',
      apiKeyFingerprint: expect.any(String),
    });

    nudge.setFault({ kind: 'redirect', status: 307, location: 'https://elsewhere.invalid/' });
    const seen = await get();
    expect([seen.status, seen.headers.location]).toEqual([307, 'https://elsewhere.invalid/']);
  });

  it('refuses in HTML as a firewall does', async () => {
    nudge.setFault({ kind: 'firewall', times: 1 }, { kind: 'firewall', status: 401 });
    const seen = await get();
    expect([seen.status, seen.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(seen.body.toString()).toMatch(/^<!DOCTYPE html>/);
    expect(await statusOf()).toBe(401);
  });
});

describe('faults of the layer body', () => {
  it.each<[EmulatorFault, string, RegExp]>([
    [{ kind: 'wrong-content-type' }, 'text/html; charset=utf-8', /^\{"token":"[\w.-]+"\}$/],
    [{ kind: 'wrong-content-type', contentType: 'text/plain', body: 'hello' }, 'text/plain', /^hello$/],
    [{ kind: 'not-json' }, 'application/json; charset=utf-8', /^\{"token":$/],
    [{ kind: 'not-json', body: '<html>' }, 'application/json; charset=utf-8', /^<html>$/],
    [{ kind: 'wrong-json', json: [{ token: 7 }] }, 'application/json; charset=utf-8', /^\[\{"token":7\}\]$/],
    [{ kind: 'wrong-json', json: null }, 'application/json; charset=utf-8', /^null$/],
  ])('%j', async (fault, contentType, body) => {
    nudge.setFault(fault);
    const seen = await get();
    expect([seen.status, seen.headers['content-type']]).toEqual([200, contentType]);
    expect(seen.body.toString()).toMatch(body);
  });

  it('sends a body that is too large and otherwise good', async () => {
    nudge.setFault({ kind: 'oversized-body' });
    const seen = await get();
    expect(seen.body.length).toBeGreaterThan(128 * 1024);
    expect(decodeJwt(tokenOf(seen)).iat).toBe(NOW_S);
    nudge.setFault({ kind: 'oversized-body', sizeBytes: 70_000 }, { kind: 'firewall' });
    expect((await get()).body.length).toBeGreaterThan(70_000);
  });

  it('sends a small body that unpacks to a large one', async () => {
    nudge.setFault({ kind: 'gzip-bomb' });
    const seen = await get();
    expect(seen.headers['content-encoding']).toBe('gzip');
    expect(seen.body.length).toBeLessThan(16 * 1024);
    const unpacked = gunzipSync(seen.body);
    expect(unpacked.length).toBeGreaterThan(10 * 1024 * 1024);
    expect(decodeJwt(tokenOf({ ...seen, body: unpacked })).iat).toBe(NOW_S);
  });

  it('spoils refusals as well', async () => {
    nudge.setFault({ kind: 'not-json' });
    expect(await get('')).toMatchObject({ status: 400, body: Buffer.from('{"token":') });
  });
});

describe('faults of the layer transport', () => {
  it('drops the connection before the answer', async () => {
    nudge.setFault({ kind: 'drop' });
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(nudge.requests[0]).toMatchObject({ outcome: 'dropped', issuedKid: nudge.state.kid });
    expect(nudge.counters).toMatchObject({ byStatus: {}, tokensIssued: 1 });
  });

  it('drops the connection in the middle of a body without a length', async () => {
    nudge.setFault({ kind: 'drop', when: 'mid-body' });
    const seen = await get();
    expect([seen.status, seen.brokenBy]).toEqual([200, 'ECONNRESET']);
    expect(seen.headers['transfer-encoding']).toBe('chunked');
    expect(seen.body.toString()).toMatch(/^\{"token":"[^"]+$/);
  });

  it('promises a longer body than it sends', async () => {
    nudge.setFault({ kind: 'truncated-body', missingBytes: 10 });
    const seen = await get();
    expect(seen.brokenBy).toBe('ECONNRESET');
    expect(Number(seen.headers['content-length'])).toBe(seen.body.length + 10);
    nudge.setFault({ kind: 'truncated-body' }, { kind: 'status', status: 500 });
    expect(await get()).toMatchObject({ status: 500, brokenBy: 'ECONNRESET' });
  });

  it('breaks an answer that has no body just by closing it', async () => {
    nudge.setFault({ kind: 'drop', when: 'mid-body' }, { kind: 'status', status: 204 });
    expect(await statusOf()).toBe(204);
  });

  it('hangs until it is stopped, which takes no time', async () => {
    nudge.setFault({ kind: 'hang' });
    const hanging = get();
    await nudge.untilReceived(1);
    expect(nudge.requests).toMatchObject([{ outcome: 'pending' }]);
    await Promise.all([nudge.stop(), expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' })]);
    expect(clock.pending).toBe(0);
  });

  it('hangs in the middle of a body', async () => {
    nudge.setFault({ kind: 'hang', when: 'mid-body' });
    const response = await open();
    await once(response, 'readable');
    const half = (response.read() as Buffer).length;
    expect(half).toBe(Math.floor(Number(response.headers['content-length']) / 2));
    const rest = read(response);
    await nudge.stop();
    expect((await rest).brokenBy).toBe('ECONNRESET');
  });

  it('sends the body in small pieces', async () => {
    nudge.setFault({ kind: 'slow-body', chunkBytes: 100, intervalMs: 1000 });
    const response = await open();
    for (const pieceBytes of [100, 100]) {
      const piece = once(response, 'data');
      clock.advance(1000);
      expect(((await piece) as [Buffer])[0]).toHaveLength(pieceBytes);
      expect(nudge.requests).toMatchObject([{ outcome: 'pending', status: 200 }]);
    }
    const end = once(response, 'end');
    clock.advance(1000);
    await end;
    expect(nudge.requests).toMatchObject([{ outcome: 'answered', durationMs: 3000 }]);
  });

  it('stops sending pieces when the client leaves', async () => {
    nudge.setFault({ kind: 'slow-body' });
    const response = await open();
    expect(clock.pending).toBe(1);
    response.destroy();
    while (nudge.requests[0]?.outcome === 'pending') await nextTurn();
    expect(clock.pending).toBe(0);
  });
});

describe('faults of the layers reuse and token', () => {
  it('repeats a token for five minutes, each user their own', async () => {
    nudge.setFault({ kind: 'same-token' });
    const first = tokenOf(await get());
    clock.advance(5 * MINUTE_MS - 1);
    expect(tokenOf(await get())).toBe(first);
    expect(tokenOf(await get('expiryMins=60&extId=ada'))).not.toBe(first);
    clock.advance(1);
    expect(tokenOf(await get())).not.toBe(first);
    expect(nudge.counters).toMatchObject({ tokensIssued: 4, distinctTokens: 3 });
  });

  it('repeats a faulty token for as long as it says, and begins anew when it is set anew', async () => {
    const faults: EmulatorFault[] = [
      { kind: 'same-token', forMs: 2000 },
      { kind: 'token-life', lifeS: 5 },
    ];
    nudge.setFault(...faults);
    expect((await claimsOf()).exp).toBe(NOW_S + 5);
    clock.advance(1000);
    expect((await claimsOf()).exp).toBe(NOW_S + 5);
    nudge.setFault(...faults);
    expect((await claimsOf()).exp).toBe(NOW_S + 6);
  });

  it.each<[EmulatorFault, Record<string, unknown>]>([
    [{ kind: 'expired-token' }, { iat: NOW_S - 3660, exp: NOW_S - 60 }],
    [
      { kind: 'expired-token', expiredForS: 0 },
      { iat: NOW_S - 3600, exp: NOW_S },
    ],
    [
      { kind: 'token-life', lifeS: 90 },
      { iat: NOW_S, exp: NOW_S + 90 },
    ],
    [
      { kind: 'aged-token', ageS: 600 },
      { iat: NOW_S - 600, exp: NOW_S + 3000 },
    ],
    [{ kind: 'token-without-exp' }, { iat: NOW_S }],
    [{ kind: 'token-without-iat' }, { exp: NOW_S + 3600 }],
    [
      { kind: 'wrong-claims', claims: { exp: 'tomorrow', sub: 'x' } },
      { iat: NOW_S, exp: 'tomorrow', sub: 'x' },
    ],
  ])('%j', async (fault, claims) => {
    nudge.setFault(fault);
    const token = tokenOf(await get());
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toEqual(claims);
    expect(decodeProtectedHeader(token).kid).toBe(nudge.state.kid);
  });

  it('lets lives shrink from 60 to 30 minutes, whatever is asked for', async () => {
    nudge.setFault({ kind: 'shrinking-life' });
    const lives = [];
    for (const _ of [1, 2, 3, 4, 5]) {
      const { iat = 0, exp = 0 } = await claimsOf('expiryMins=1440');
      lives.push((exp - iat) / 60);
    }
    expect(lives).toEqual([60, 50, 40, 30, 30]);
    nudge.setFault({ kind: 'shrinking-life', fromMins: 90, toMins: 45, stepMins: 45 });
    expect([(await claimsOf()).exp, (await claimsOf()).exp]).toEqual([NOW_S + 5400, NOW_S + 2700]);
  });

  it('sends garbage, which no key has signed', async () => {
    nudge.setFault({ kind: 'garbage-token', token: 'a.b' });
    expect(tokenOf(await get())).toBe('a.b');
    expect(nudge.requests[0]).not.toHaveProperty('issuedKid');
  });
});

describe('faults of the layers clock and date', () => {
  it.each([-3_600_000, 3_600_000])('moves all times of the vendor by %d ms', async (offsetMs) => {
    nudge.setFault({ kind: 'wrong-clock', offsetMs });
    const seen = await get();
    expect(Date.parse(seen.headers.date ?? '')).toBe(NOW_MS + offsetMs);
    expect(decodeJwt(tokenOf(seen))).toEqual({
      iat: NOW_S + offsetMs / 1000,
      exp: NOW_S + 3600 + offsetMs / 1000,
    });
    nudge.setFault({ kind: 'rate-limit', retryAfterS: 10, retryAfterForm: 'http-date' });
    expect(Date.parse((await get()).headers['retry-after'] ?? '')).toBe(NOW_MS + offsetMs + 10_000);
  });

  it('leaves out the date', async () => {
    nudge.setFault({ kind: 'no-date' });
    expect((await get()).headers).not.toHaveProperty('date');
  });

  it('sends the date of a cache, with and without its age', async () => {
    nudge.setFault(
      { kind: 'cached-date', ageS: 120, times: 1 },
      { kind: 'cached-date', ageS: 120, ageHeader: false },
    );
    const [honest, lying] = [await get(), await get()];
    expect(honest.headers).toMatchObject({ date: 'Thu, 01 Jan 2026 11:58:00 GMT', age: '120' });
    expect(lying.headers).toMatchObject({ date: 'Thu, 01 Jan 2026 11:58:00 GMT' });
    expect(lying.headers).not.toHaveProperty('age');
    expect(decodeJwt(tokenOf(honest)).iat).toBe(NOW_S);
  });
});

it('leaves the JWKS alone', async () => {
  nudge.setFault({ kind: 'status', status: 500 }, { kind: 'drop' });
  expect((await fetch(nudge.jwksUrl)).status).toBe(200);
  expect(nudge.counters.received).toBe(0);
});

it('is documented: every kind, in JSON that it accepts', async () => {
  const page = await readFile('docs/emulator.md', 'utf8');
  const documented = [...page.matchAll(/`(\{ "kind": .*?\})`/g)].map(
    ([, json]) => JSON.parse(json ?? '') as EmulatorFault,
  );
  for (const fault of documented) nudge.setFault(fault);
  expect(new Set(documented.map(({ kind }) => kind))).toEqual(new Set(Object.keys(FAULT_LAYERS)));
});
