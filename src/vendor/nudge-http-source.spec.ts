import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { HttpService } from '@nestjs/axios';
import { readFileSync } from 'node:fs';
import { defer, from } from 'rxjs';
import { systemClock, type Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { Secret } from '../common/secret.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeHttpTokenSource, type NudgeHttpTokenSourceOptions } from './nudge-http-source.js';
import type { FetchedToken, TokenRequest } from './token-source.js';

const SAMPLE_BODY = readFileSync(
  new URL('../../test/fixtures/vendor-sample-response.json', import.meta.url),
  'utf8',
);
const SAMPLE_ISSUED_AT_MS = Date.UTC(2024, 10, 19, 12, 44, 3);

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly data: string;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function failing(status: number, headers: Record<string, unknown> = {}): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, data: '{"message":"no"}' };
}

describe('NudgeHttpTokenSource', () => {
  let manual: ManualClock;
  let clock: Clock;
  let answers: (Answer | Error)[];
  let calls: { url: string; config: Record<string, unknown>; atMs: number }[];

  /** Stands in for the transport, which the end-to-end tests have for real. */
  const http = {
    get: (url: string, config: Record<string, unknown>) =>
      defer(() => {
        calls.push({ url, config, atMs: clock.now().monotonicMs });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return from(answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
      }),
  } as unknown as HttpService;

  function sourceWith(
    options: Partial<NudgeHttpTokenSourceOptions> = {},
    random: () => number = () => 0,
    time: Clock = clock,
  ): NudgeHttpTokenSource {
    const defaults = { baseUrl: 'https://nudge.test/api', timeoutMs: 3000, maxRetries: 2 };
    const apiKey = new Secret('obviously-fake-key');
    return new NudgeHttpTokenSource(http, { ...defaults, apiKey, ...options }, time, random);
  }

  function fetchWith(
    source: NudgeHttpTokenSource,
    request: TokenRequest = { expiryMins: 60 },
    deadlineMs = 7000,
  ): Promise<FetchedToken> {
    return source.fetchToken(request, new Deadline(clock, deadlineMs));
  }

  beforeEach(() => {
    manual = new ManualClock(SAMPLE_ISSUED_AT_MS);
    clock = manual;
    answers = [{ status: 200, headers: JSON_TYPE, data: SAMPLE_BODY }];
    calls = [];
  });

  it('sends exactly the documented request', async () => {
    await fetchWith(sourceWith(), { expiryMins: 45 });
    await fetchWith(sourceWith(), { expiryMins: 30, extId: 'a&b=c' });
    expect(calls.map(({ url }) => url)).toEqual(Array(2).fill('https://nudge.test/api/clients/jwt/token'));
    expect(calls.map(({ config }) => config['params'])).toEqual([
      { expiryMins: 45 },
      { expiryMins: 30, extId: 'a&b=c' },
    ]);
    expect(calls[0]?.config['headers']).toEqual({
      accept: 'application/json',
      'user-agent': 'nestjs-nudge-auth',
      apikey: 'obviously-fake-key',
    });
  });

  describe('given the vendor’s own sample', () => {
    const { token } = JSON.parse(SAMPLE_BODY) as { token: string };

    it('reads its life of 1800 s, its algorithm and its key', async () => {
      const fetched = await fetchWith(sourceWith());
      expect(fetched).toEqual({
        token,
        claims: {
          issuedAtMs: SAMPLE_ISSUED_AT_MS,
          expiresAtMs: SAMPLE_ISSUED_AT_MS + 1_800_000,
          algorithm: 'EdDSA',
          keyId: '0c49444f-dc10-431a-8474-b2e3020293e6',
        },
        arrivedAt: clock.now(),
        lifeMs: 1_800_000 - 1000,
        ageOnArrivalMs: 0,
        skewMs: undefined,
        keyFingerprint: new Secret('obviously-fake-key').fingerprint,
      });
    });

    it('places it by the vendor’s clock, which is ten minutes ahead, and by the age of a cached answer', async () => {
      const date = new Date(SAMPLE_ISSUED_AT_MS + 600_000).toUTCString();
      answers = [{ status: 200, headers: { ...JSON_TYPE, date, age: '60' }, data: SAMPLE_BODY }];
      expect(await fetchWith(sourceWith())).toMatchObject({
        lifeMs: 1_800_000 - 660_000 - 1000,
        ageOnArrivalMs: 660_000,
        skewMs: 660_000,
      });
    });

    it('finds it expired today', async () => {
      clock = new ManualClock(Date.UTC(2026, 10, 1));
      expect((await fetchWith(sourceWith())).lifeMs).toBeLessThan(0);
    });
  });

  describe('after a failure that may pass', () => {
    // The retry library has timers of its own: here time is jest's, and the module's clock follows it.
    beforeEach(() => {
      jest.useFakeTimers({ now: SAMPLE_ISSUED_AT_MS });
      clock = systemClock;
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    /** Runs every pause to its end. */
    async function settled<T>(outcome: Promise<T>): Promise<T> {
      const end = outcome.catch(() => undefined);
      await jest.runAllTimersAsync();
      await end;
      return outcome;
    }

    it.each([
      { chance: 0.75, pausesMs: [150, 300, 600, 1200, 1500] },
      { chance: 0.5, pausesMs: [100, 200, 400, 800, 1000] },
    ])(
      'waits a chance of $chance of a time that doubles, up to two seconds',
      async ({ chance, pausesMs }) => {
        answers = [failing(503)];
        const outcome = fetchWith(
          sourceWith({ maxRetries: 5 }, () => chance),
          undefined,
          9000,
        );
        const failure = expect(outcome).rejects.toMatchObject({ code: 'NUDGE_UNAVAILABLE' });
        await jest.advanceTimersByTimeAsync(9000);
        await failure;
        const gapsMs = calls.slice(1).map(({ atMs }, index) => Math.round(atMs - (calls[index]?.atMs ?? 0)));
        expect(gapsMs).toEqual(pausesMs);
      },
    );

    it('waits for Retry-After where that is longer', async () => {
      answers = [
        failing(503, { 'retry-after': '3' }),
        { status: 200, headers: JSON_TYPE, data: SAMPLE_BODY },
      ];
      const outcome = fetchWith(sourceWith({}, () => 0.999));
      await jest.advanceTimersByTimeAsync(2999);
      expect(calls).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1);
      expect(calls).toHaveLength(2);
      await outcome;
    });

    it.each(['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'EPROTO'])(
      'tries again after %s, and names it',
      async (code) => {
        answers = [Object.assign(new Error(`connect ${code} to obviously-fake-key`), { code })];
        await expect(settled(fetchWith(sourceWith()))).rejects.toMatchObject({
          code: 'NUDGE_UNAVAILABLE',
          message: `Nudge cannot be reached (${code})`,
          retryable: true,
        });
        expect(calls).toHaveLength(3);
      },
    );

    it('says no more than that where the code is not one', async () => {
      for (const code of ['obviously-fake-key', '', 5, undefined]) {
        answers = [Object.assign(new Error('obviously-fake-key'), { code })];
        await expect(settled(fetchWith(sourceWith()))).rejects.toMatchObject({
          message: 'Nudge cannot be reached (no further reason given)',
          cause: new Error('the connection failed'),
        });
      }
    });

    it('leaves half a second for an attempt, shortening its pause, and answers with the last failure', async () => {
      answers = [failing(500)];
      const outcome = fetchWith(
        sourceWith({ maxRetries: 5 }, () => 0.999),
        undefined,
        1000,
      );
      const failure = expect(outcome).rejects.toMatchObject({
        code: 'NUDGE_UNAVAILABLE',
        message: 'Nudge answered with status 500',
      });
      await jest.advanceTimersByTimeAsync(1000);
      await failure;
      expect(calls.every(({ atMs }) => 1000 - atMs >= 500)).toBe(true);
      expect(calls.length).toBeGreaterThanOrEqual(3);
    });

    it('does not try again where the timer fired so late that the time is gone', async () => {
      answers = [failing(500)];
      let lateMs = 0;
      const busy: Clock = {
        ...systemClock,
        now: () => {
          const { wallMs, monotonicMs } = systemClock.now();
          return { wallMs: wallMs + lateMs, monotonicMs: monotonicMs + lateMs };
        },
      };
      const source = sourceWith(
        {},
        () => {
          lateMs = 6600;
          return 0.5;
        },
        busy,
      );
      const outcome = settled(source.fetchToken({ expiryMins: 60 }, new Deadline(busy, 7000)));
      await expect(outcome).rejects.toMatchObject({ message: 'Nudge answered with status 500' });
      expect(calls).toHaveLength(1);
    });
  });

  it('does not begin with less than half a second', async () => {
    await expect(fetchWith(sourceWith(), undefined, 499)).rejects.toMatchObject({
      code: 'NUDGE_TIMEOUT',
      message: 'Too little time was left to call Nudge',
    });
    expect(calls).toEqual([]);
  });

  it('answers with the refusal where no time is left for the other key', async () => {
    answers = [failing(401)];
    const slowly = async (): Promise<string> => {
      await new Promise<void>((resolve) => clock.schedule(400, resolve));
      return 'obviously-fake-key';
    };
    const source = sourceWith({ apiKey: slowly, fallbackApiKey: new Secret('obviously-fake-other-key') });
    const outcome = expect(fetchWith(source, undefined, 1200)).rejects.toMatchObject({
      code: 'NUDGE_CREDENTIALS_REJECTED',
    });
    await manual.advanceAsync(400);
    await manual.advanceAsync(400);
    await outcome;
    expect(calls).toHaveLength(1);
  });

  it('tells the two kinds of 401 and 403 apart by the vendor’s body', async () => {
    for (const status of [401, 403]) {
      const cases: [Answer, string][] = [
        [failing(status), 'NUDGE_CREDENTIALS_REJECTED'],
        [{ status, headers: {}, data: '{"message":"no"}' }, 'NUDGE_CREDENTIALS_REJECTED'],
        [
          { status, headers: { 'content-type': 'application/problem+json' }, data: '{"message":"no"}' },
          'NUDGE_CREDENTIALS_REJECTED',
        ],
        [{ status, headers: { 'content-type': 'text/html' }, data: '{"message":"no"}' }, 'NUDGE_UNAVAILABLE'],
        [{ status, headers: JSON_TYPE, data: '{"error":"no"}' }, 'NUDGE_UNAVAILABLE'],
        [{ status, headers: JSON_TYPE, data: '{"message":5}' }, 'NUDGE_UNAVAILABLE'],
        [{ status, headers: JSON_TYPE, data: 'blocked' }, 'NUDGE_UNAVAILABLE'],
      ];
      for (const [answer, code] of cases) {
        answers = [answer];
        await expect(fetchWith(sourceWith())).rejects.toMatchObject({ code });
      }
      expect(calls).toHaveLength(cases.length);
      calls = [];
    }
  });
});
