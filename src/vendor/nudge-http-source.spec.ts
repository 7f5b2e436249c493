import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpService } from '@nestjs/axios';
import { readFileSync } from 'node:fs';
import { defer, from } from 'rxjs';
import type { Clock } from '../common/clock.js';
import { Secret } from '../common/secret.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeHttpTokenSource } from './nudge-http-source.js';
import { TransientFailure, type FetchedToken, type TokenRequest } from './token-source.js';

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
  let clock: Clock;
  let answers: (Answer | Error)[];
  let calls: { url: string; config: Record<string, unknown>; atMs: number }[];

  /** Replaces the transport. The end-to-end tests use the real one. */
  const http = {
    get: (url: string, config: Record<string, unknown>) =>
      defer(() => {
        calls.push({ url, config, atMs: clock.now().monotonicMs });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return from(answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
      }),
  } as unknown as HttpService;

  function source(): NudgeHttpTokenSource {
    return new NudgeHttpTokenSource(http, 'https://nudge.test/api', clock);
  }

  function fetchWith(
    one: NudgeHttpTokenSource,
    request: TokenRequest = { expiryMins: 60 },
  ): Promise<FetchedToken> {
    return one.fetchToken(request, new Secret('obviously-fake-key'), 3000);
  }

  function failureOf(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  beforeEach(() => {
    clock = new ManualClock(SAMPLE_ISSUED_AT_MS);
    answers = [{ status: 200, headers: JSON_TYPE, data: SAMPLE_BODY }];
    calls = [];
  });

  it('sends exactly the documented request', async () => {
    await fetchWith(source(), { expiryMins: 45 });
    await fetchWith(source(), { expiryMins: 30, extId: 'a b+c&d=é' });
    expect(calls.map(({ url }) => url)).toEqual([
      'https://nudge.test/api/clients/jwt/token?expiryMins=45',
      'https://nudge.test/api/clients/jwt/token?expiryMins=30&extId=a%20b%2Bc%26d%3D%C3%A9',
    ]);
    expect(calls[0]?.config['headers']).toEqual({
      accept: 'application/json',
      'user-agent': 'nestjs-nudge-auth',
      apikey: 'obviously-fake-key',
    });
  });

  describe('with the vendor’s sample answer', () => {
    const { token } = JSON.parse(SAMPLE_BODY) as { token: string };

    it('reads the life of 1800 s, the algorithm and the kid', async () => {
      const fetched = await fetchWith(source());
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

    it('reckons its life by the vendor’s clock, ten minutes ahead, and the age of a cached answer', async () => {
      const date = new Date(SAMPLE_ISSUED_AT_MS + 600_000).toUTCString();
      answers = [{ status: 200, headers: { ...JSON_TYPE, date, age: '60' }, data: SAMPLE_BODY }];
      expect(await fetchWith(source())).toMatchObject({
        lifeMs: 1_800_000 - 660_000 - 1000,
        ageOnArrivalMs: 660_000,
        skewMs: 660_000,
      });
    });

    it('finds the token expired today', async () => {
      clock = new ManualClock(Date.UTC(2026, 10, 1));
      expect((await fetchWith(source())).lifeMs).toBeLessThan(0);
    });
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'EPROTO'])(
    'names %s as the reason and reports a transient failure',
    async (code) => {
      answers = [Object.assign(new Error(`connect ${code} to obviously-fake-key`), { code })];
      const failure = await failureOf(fetchWith(source()));
      expect(failure).toBeInstanceOf(TransientFailure);
      expect(failure).toMatchObject({
        code: 'NUDGE_UNAVAILABLE',
        message: `Nudge cannot be reached (${code})`,
        isAnswered: false,
      });
      expect(calls).toHaveLength(1);
    },
  );

  it('gives no reason if the code of the error is not a plain code', async () => {
    for (const code of ['obviously-fake-key', '', 5, undefined]) {
      answers = [Object.assign(new Error('obviously-fake-key'), { code })];
      await expect(fetchWith(source())).rejects.toMatchObject({
        message: 'Nudge cannot be reached (no further reason given)',
        cause: new Error('the connection failed'),
      });
    }
  });

  it('reports a transient failure for a 503, with the Retry-After of Nudge', async () => {
    answers = [failing(503, { 'retry-after': '3' })];
    const failure = await failureOf(fetchWith(source()));
    expect(failure).toBeInstanceOf(TransientFailure);
    expect(failure).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 3000, isAnswered: true });
  });

  it('tells a 401 or 403 of the vendor from that of a proxy by the body', async () => {
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
        await expect(fetchWith(source())).rejects.toMatchObject({ code });
      }
      expect(calls).toHaveLength(cases.length);
      calls = [];
    }
  });
});
