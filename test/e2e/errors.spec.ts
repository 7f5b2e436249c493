import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  NudgeTokenService,
  NudgeUserGuard,
  type NudgeAuthErrorCode,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator, type EmulatorFault } from 'nestjs-nudge-auth/emulator';
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { Host, type HostSettings, type HttpResult } from '../support/host.js';
import { HttpStub, unreachableOrigin } from '../support/http-stub.js';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-error-tests';
const PUBLIC_KEY = 'obviously-fake-other-key-for-error-tests';
const MESSAGES: Readonly<Record<string, RegExp>> = {
  NUDGE_CREDENTIALS_REJECTED: /the server is not accepted by Nudge$/,
  NUDGE_BAD_RESPONSE: /Nudge gave an unusable answer$/,
  NUDGE_RATE_LIMITED: /too many calls$/,
  NUDGE_UNAVAILABLE: /not available at the moment$/,
  NUDGE_TIMEOUT: /no answer in time$/,
  NUDGE_DISABLED: /switched off$/,
  USER_KEYS_UNAVAILABLE: /^Users cannot be verified at the moment$/,
};
/** Seconds that are added to the time of the next attempt, so that clients do not return together. */
const SPREAD_S = 30;

function retryAfterOf(answer: HttpResult): number {
  expect(answer.headers['retry-after']).toMatch(/^\d+$/);
  return Number(answer.headers['retry-after']);
}

/** The answer that every client gets for a failure on Nudge's side. */
function expectFailure(answer: HttpResult, code: NudgeAuthErrorCode): void {
  expect([answer.json()['code'], answer.status]).toEqual([code, 503]);
  expect(answer.json()).toEqual({
    statusCode: 503,
    code,
    message: expect.stringMatching(MESSAGES[code] ?? /$^/),
  });
  expect(answer.headers).toMatchObject({
    'nudge-auth-error': code,
    'content-type': expect.stringMatching(/^application\/json/),
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    vary: expect.stringContaining('Authorization, Accept, Cookie'),
  });
  expect(answer.headers).not.toHaveProperty('etag');
  expect(answer.headers).not.toHaveProperty('www-authenticate');
  const retryAfter = retryAfterOf(answer);
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(60 + SPREAD_S + 1);
}

interface FaultCase {
  readonly is: string;
  readonly fault: EmulatorFault;
}

const REFUSED: FaultCase[] = [
  { is: 'a 401 of the vendor', fault: { kind: 'status', status: 401 } },
  { is: 'a 403 of the vendor', fault: { kind: 'status', status: 403 } },
];
const UNUSABLE: FaultCase[] = [
  { is: 'a 400', fault: { kind: 'status', status: 400 } },
  { is: 'a 404', fault: { kind: 'status', status: 404 } },
  { is: 'a 201', fault: { kind: 'status', status: 201 } },
  { is: 'a 204', fault: { kind: 'status', status: 204 } },
  { is: 'a 301', fault: { kind: 'redirect', status: 301 } },
  { is: 'a 302', fault: { kind: 'redirect' } },
  { is: 'a 307', fault: { kind: 'redirect', status: 307 } },
  { is: 'a 308', fault: { kind: 'redirect', status: 308 } },
  { is: 'HTML around a good token', fault: { kind: 'wrong-content-type' } },
  { is: 'plain text', fault: { kind: 'wrong-content-type', contentType: 'text/plain' } },
  { is: 'half an object', fault: { kind: 'not-json' } },
  { is: 'an empty body', fault: { kind: 'not-json', body: '' } },
  { is: 'no token', fault: { kind: 'wrong-json', json: { jwt: 'a.b.c' } } },
  { is: 'a token that is not a string', fault: { kind: 'wrong-json', json: { token: 5 } } },
  { is: 'a list', fault: { kind: 'wrong-json', json: [{ token: 'a.b.c' }] } },
  { is: 'null', fault: { kind: 'wrong-json', json: null } },
  { is: 'a string', fault: { kind: 'wrong-json', json: 'a.b.c' } },
  { is: 'an empty token', fault: { kind: 'wrong-json', json: { token: '' } } },
  { is: 'a body over 64 KiB', fault: { kind: 'oversized-body', sizeBytes: 64 * 1024 } },
  { is: 'a compressed body over 64 KiB', fault: { kind: 'gzip-bomb', unpackedBytes: 80 * 1024 } },
  { is: 'a compressed body of ten MiB', fault: { kind: 'gzip-bomb' } },
  { is: 'a token that is not a JWT', fault: { kind: 'garbage-token' } },
  { is: 'a JWT whose parts are not JSON', fault: { kind: 'garbage-token', token: 'YQ.Yg.Yw' } },
  { is: 'a token without exp', fault: { kind: 'token-without-exp' } },
  { is: 'a token without iat', fault: { kind: 'token-without-iat' } },
  { is: 'an exp that is text', fault: { kind: 'wrong-claims', claims: { exp: 'tomorrow' } } },
  { is: 'an exp before iat', fault: { kind: 'wrong-claims', claims: { exp: 5 } } },
  { is: 'an expired token', fault: { kind: 'expired-token' } },
  { is: 'a life of more than 1440 minutes', fault: { kind: 'token-life', lifeS: 1440 * 60 + 1 } },
];
const UNREACHABLE_AND_RETRIED: FaultCase[] = [
  { is: 'a 500', fault: { kind: 'status', status: 500 } },
  { is: 'a 502', fault: { kind: 'status', status: 502 } },
  { is: 'a 503 in HTML', fault: { kind: 'firewall', status: 503 } },
  { is: 'a 504', fault: { kind: 'status', status: 504 } },
  { is: 'a closed connection', fault: { kind: 'drop' } },
  { is: 'a connection closed in the middle of the body', fault: { kind: 'drop', when: 'mid-body' } },
  { is: 'a body shorter than its Content-Length', fault: { kind: 'truncated-body' } },
];
const FROM_A_PROXY: FaultCase[] = [
  { is: 'a 403 in HTML', fault: { kind: 'firewall' } },
  { is: 'a 401 in HTML', fault: { kind: 'firewall', status: 401 } },
  { is: 'a 407', fault: { kind: 'status', status: 407 } },
];
const SILENT: FaultCase[] = [
  { is: 'no answer', fault: { kind: 'hang' } },
  { is: 'no more data after half of the body', fault: { kind: 'hang', when: 'mid-body' } },
  { is: 'a body that comes slowly', fault: { kind: 'slow-body', intervalMs: 60_000 } },
  { is: 'a very late answer', fault: { kind: 'latency', latencyMs: 60_000 } },
];

describe.each(PLATFORMS)('failures on %s', (platform) => {
  let nudge: NudgeEmulator;
  const hosts: Host[] = [];

  async function start(
    options: Partial<NudgeAuthModuleOptions> = {},
    settings: Partial<HostSettings> = {},
  ): Promise<Host> {
    const host = await Host.start(platform, {
      nudge: { apiKey: API_KEY, baseUrl: nudge.url, ...options } as NudgeAuthModuleOptions,
      random: () => 0,
      ...settings,
    });
    hosts.push(host);
    return host;
  }

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY], publicKeys: [PUBLIC_KEY] });
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    nudge.reset();
    nudge.setEnabled(true);
  });

  afterAll(() => nudge.stop());

  describe.each([
    { code: 'NUDGE_CREDENTIALS_REJECTED', cases: REFUSED, calls: 1 },
    { code: 'NUDGE_BAD_RESPONSE', cases: UNUSABLE, calls: 1 },
    { code: 'NUDGE_UNAVAILABLE', cases: UNREACHABLE_AND_RETRIED, calls: 3 },
    { code: 'NUDGE_UNAVAILABLE', cases: FROM_A_PROXY, calls: 1 },
  ] as const)('$code after $calls call(s)', ({ code, cases, calls }) => {
    it.each(cases)('reports $is with this code', async ({ fault }) => {
      nudge.setFault(fault);
      const host = await start();
      expectFailure(await host.getAsUser('/nudge/token', { accept: 'text/plain' }), code);
      expect(nudge.counters).toMatchObject({ received: calls, keysSeenElsewhere: 0 });
      nudge.clearFaults();
    });
  });

  it('is NUDGE_CREDENTIALS_REJECTED for a wrong key, a public one, and an account without the feature', async () => {
    const wrong = await start({ apiKey: 'obviously-fake-but-unknown-key' });
    expectFailure(await wrong.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
    const open = await start({ apiKey: PUBLIC_KEY });
    expectFailure(await open.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
    nudge.setEnabled(false);
    const early = await start();
    const answer = await early.getAsUser();
    expectFailure(answer, 'NUDGE_CREDENTIALS_REJECTED');
    // Only an operator can mend this, so clients are told to wait.
    expect(retryAfterOf(answer)).toBeGreaterThanOrEqual(30);
    expect(nudge.counters.received).toBe(3);
  });

  it('is NUDGE_UNAVAILABLE if no server listens', async () => {
    const host = await start({ baseUrl: await unreachableOrigin() });
    expectFailure(await host.getAsUser(), 'NUDGE_UNAVAILABLE');
  });

  it('is NUDGE_BAD_RESPONSE for the sample token of the vendor’s documentation, which has expired', async () => {
    const sample = await readFile(
      new URL('../fixtures/vendor-sample-response.json', import.meta.url),
      'utf8',
    );
    let calls = 0;
    await using vendor = await HttpStub.start((_request, response) => {
      calls += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(sample);
    });
    expectFailure(await (await start({ baseUrl: vendor.origin })).getAsUser(), 'NUDGE_BAD_RESPONSE');
    expect(calls).toBe(1);
  });

  it('accepts an answer of exactly 64 KiB and refuses one more byte', async () => {
    const { token } = (await (await start()).getAsUser()).json();
    let size = 0;
    await using vendor = await HttpStub.start((_request, response) => {
      const padding = ' '.repeat(size - JSON.stringify({ token }).length);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ token }) + padding);
    });
    size = 64 * 1024;
    expect((await (await start({ baseUrl: vendor.origin })).getAsUser()).status).toBe(200);
    size += 1;
    expectFailure(await (await start({ baseUrl: vendor.origin })).getAsUser(), 'NUDGE_BAD_RESPONSE');
  });

  describe('NUDGE_RATE_LIMITED', () => {
    it.each([
      { is: 'seconds', fault: { retryAfterS: 20 }, leastS: 20 },
      { is: 'a date', fault: { retryAfterS: 20, retryAfterForm: 'http-date' as const }, leastS: 20 },
      { is: 'text without a number', fault: { retryAfterText: 'soon' }, leastS: 1 },
      { is: 'a whole day', fault: { retryAfterS: 86_400 }, leastS: 60 },
    ])(
      'takes over a Retry-After that is $is, at most a minute, plus up to 30 s',
      async ({ fault, leastS }) => {
        const clock = new ManualClock();
        await using vendor = await NudgeEmulator.start({ apiKeys: [API_KEY], clock });
        vendor.setFault({ kind: 'rate-limit', ...fault });
        let chance = 0;
        const host = await start({ baseUrl: vendor.url }, { clock, random: () => chance });

        const soonest = await host.getAsUser();
        expectFailure(soonest, 'NUDGE_RATE_LIMITED');
        expect(retryAfterOf(soonest)).toBeGreaterThanOrEqual(leastS);
        expect(vendor.counters.received).toBe(1);
        chance = 0.999_999;
        const latest = await host.getAsUser();
        expectFailure(latest, 'NUDGE_RATE_LIMITED');
        expect(retryAfterOf(latest) - retryAfterOf(soonest)).toBeGreaterThanOrEqual(SPREAD_S - 1);
      },
    );
  });

  describe('NUDGE_TIMEOUT', () => {
    it.each(SILENT)('for $is, after as many attempts as fit into seven seconds', async ({ fault }) => {
      const clock = new ManualClock();
      nudge.setFault(fault);
      const host = await start({}, { clock });
      const answer = host.getAsUser();
      await nudge.untilReceived(1);
      clock.advance(3000);
      await nudge.untilReceived(2);
      clock.advance(3000);
      await nudge.untilReceived(3);
      clock.advance(1000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(nudge.counters.received).toBe(3);
    });

    it('without another attempt when less than half a second is left', async () => {
      const clock = new ManualClock();
      nudge.setFault({ kind: 'hang' });
      const host = await start({ http: { timeoutMs: 3000, deadlineMs: 3499 } }, { clock });
      const answer = host.getAsUser();
      await nudge.untilReceived(1);
      clock.advance(3000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(nudge.counters.received).toBe(1);
    });

    it('on the machine’s clock too', async () => {
      nudge.setFault({ kind: 'hang' });
      const host = await start({ http: { timeoutMs: 100, maxRetries: 1 } });
      expectFailure(await host.getAsUser(), 'NUDGE_TIMEOUT');
    });

    it('when the apiKey function of the host never returns', async () => {
      const clock = new ManualClock();
      let wasAsked: () => void = () => {};
      const asked = new Promise<void>((resolve) => (wasAsked = resolve));
      const host = await start(
        {
          apiKey: () => {
            wasAsked();
            return new Promise<string>(() => {});
          },
        },
        { clock },
      );
      const answer = host.getAsUser();
      await asked;
      clock.advance(7000);
      expectFailure(await answer, 'NUDGE_TIMEOUT');
      expect(nudge.counters.received).toBe(0);
    });
  });

  describe('retries', () => {
    it.each([
      { kind: 'status', status: 503, times: 2 },
      { kind: 'drop', times: 2 },
      { kind: 'truncated-body', times: 2 },
    ] as const)('recover after two faults of kind $kind', async (fault) => {
      nudge.setFault(fault);
      const host = await start();
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.received).toBe(3);
    });

    it('are as many as maxRetries', async () => {
      nudge.setFault({ kind: 'status', status: 500 });
      expectFailure(await (await start({ http: { maxRetries: 0 } })).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(1);
      expectFailure(await (await start({ http: { maxRetries: 5 } })).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(7);
    });

    it('are not made if the Retry-After is longer than the deadline allows', async () => {
      nudge.setFault({ kind: 'status', status: 503, retryAfterS: 8 });
      expectFailure(await (await start()).getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(1);
    });
  });

  describe('API keys', () => {
    it('are read before each call, and once more after a refusal', async () => {
      const keys = ['obviously-fake-withdrawn-key-0001', API_KEY];
      let reads = 0;
      const host = await start({
        cache: false,
        apiKey: () => {
          reads += 1;
          return Promise.resolve(keys.shift() ?? API_KEY);
        },
      });
      expect((await host.getAsUser()).status).toBe(200);
      expect([reads, nudge.counters.byStatus]).toEqual([2, { 200: 1, 401: 1 }]);
      expect((await host.getAsUser()).status).toBe(200);
      expect([reads, nudge.counters.received]).toEqual([3, 3]);
    });

    it('switch to the fallback if the first key cannot be read again after its refusal', async () => {
      let reads = 0;
      const host = await start({
        apiKey: () => {
          reads += 1;
          if (reads > 1) throw new Error('vault sealed');
          return 'obviously-fake-withdrawn-key-0001';
        },
        fallbackApiKey: API_KEY,
      });
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.byStatus).toEqual({ 200: 1, 401: 1 });
    });

    it('are not tried again if they have not changed', async () => {
      const host = await start({ apiKey: () => 'obviously-fake-withdrawn-key-0001' });
      expectFailure(await host.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
      expect(nudge.counters.received).toBe(1);
    });

    it('switch to the fallback after a refusal, and only then', async () => {
      const refused = 'obviously-fake-withdrawn-key-0001';
      const host = await start({ apiKey: refused, fallbackApiKey: () => API_KEY });
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.counters.byStatus).toEqual({ 200: 1, 401: 1 });

      nudge.reset();
      const both = await start({ apiKey: refused, fallbackApiKey: `${refused}-too` });
      expectFailure(await both.getAsUser(), 'NUDGE_CREDENTIALS_REJECTED');
      expect(nudge.counters.received).toBe(2);

      nudge.reset();
      nudge.setFault({ kind: 'status', status: 400 });
      const unasked = await start({ fallbackApiKey: refused });
      expectFailure(await unasked.getAsUser(), 'NUDGE_BAD_RESPONSE');
      expect(nudge.counters.received).toBe(1);
    });

    it.each([
      { is: 'an error', apiKey: () => Promise.reject(new Error('vault sealed')) },
      {
        is: 'an exception',
        apiKey: () => {
          throw new TypeError('vault sealed');
        },
      },
      { is: 'undefined', apiKey: () => undefined as never },
      { is: 'an empty text', apiKey: () => '' },
      { is: 'a key with a line break', apiKey: () => `${API_KEY}\n` },
      { is: 'a key in quotes', apiKey: () => `"${API_KEY}"` },
      { is: 'a text that no header can hold', apiKey: () => 'schlüssel-obviously-fake' },
    ])('that come as $is give NUDGE_UNAVAILABLE, and nothing is sent', async ({ apiKey }) => {
      const host = await start({ apiKey });
      expectFailure(await host.getAsUser(), 'NUDGE_UNAVAILABLE');
      expect(nudge.counters.received).toBe(0);
    });
  });

  it('is NUDGE_DISABLED while the module is switched off, even with a held token, and sends nothing', async () => {
    let enabled = true;
    const host = await start({ enabled: () => enabled });
    expect((await host.getAsUser()).status).toBe(200);
    enabled = false;
    expectFailure(await host.getAsUser(), 'NUDGE_DISABLED');
    expect(nudge.counters.received).toBe(1);
    enabled = true;
    expect((await host.getAsUser()).status).toBe(200);
  });

  describe('USER_KEYS_UNAVAILABLE', () => {
    const pair = rsaKeyPair();

    @Controller('profile')
    @UseGuards(NudgeUserGuard)
    class ProfileController {
      @Get()
      get(): string {
        return 'profile';
      }
    }

    /** The answers of the endpoint and of a route of the host. Also checks the log line and the status. */
    async function answersWith(jwksUri: string, cause: RegExp): Promise<HttpResult[]> {
      const host = await start(
        {
          userJwt: {
            jwksUri: `${jwksUri}?client=hidden`,
            algorithms: ['RS256'],
            issuer: 'https://id.example',
          },
        },
        { modules: [], controllers: [ProfileController] },
      );
      const jwt = await userJwt({ sub: 'ada' }, { key: pair.privateKey, algorithm: 'RS256', kid: 'one' });
      const headers = { authorization: `Bearer ${jwt}` };
      const service = host.app.get(NudgeTokenService);
      expect(service.status().userKeys).toEqual({ state: 'available' });
      const answers = [await host.get('/nudge/token', headers), await host.get('/profile', headers)];
      expect(service.status().userKeys).toMatchObject({ state: 'unavailable' });
      expect(host.logger.at('warn')).toEqual([expect.stringMatching(cause)]);
      expect(host.logger.at('warn')[0]).toContain(`cannot be fetched from ${jwksUri}: `);
      return answers;
    }

    function expectUnavailable([endpoint, profile]: HttpResult[]): void {
      if (endpoint === undefined || profile === undefined) throw new Error('two answers are needed');
      expectFailure(endpoint, 'USER_KEYS_UNAVAILABLE');
      expect([profile.status, profile.json()['code']]).toEqual([503, 'USER_KEYS_UNAVAILABLE']);
      expect(nudge.counters.received).toBe(0);
    }

    it('is the answer when the issuer is down, never a 401', async () => {
      expectUnavailable(
        await answersWith(`${await unreachableOrigin()}/keys`, /cannot be reached \(ECONNREFUSED\)/),
      );
    });

    const good = JSON.stringify({ keys: [{ ...pair.publicJwk, kid: 'one', use: 'sig' }] });
    const listeners: { is: string; cause: RegExp; listener: RequestListener }[] = [
      {
        is: 'fails',
        cause: /with an error \(500\)/,
        listener: (_request, response) => response.writeHead(500).end(good),
      },
      {
        is: 'publishes no keys',
        cause: /no key that can verify/,
        listener: (_request, response) => response.end('{"keys":[]}'),
      },
      { is: 'answers null', cause: /no JWK set/, listener: (_request, response) => response.end('null') },
      { is: 'answers nothing', cause: /no JWK set/, listener: (_request, response) => response.end() },
      {
        is: 'answers HTML',
        cause: /no JWK set/,
        listener: (_request, response) => response.end('<html></html>'),
      },
      {
        is: 'redirects',
        cause: /redirect, which is not followed \(302\)/,
        listener: (request, response) =>
          request.url?.startsWith('/keys') === true
            ? response.writeHead(302, { location: '/elsewhere' }).end()
            : response.end(good),
      },
      {
        is: 'breaks off in the middle',
        cause: /cannot be reached/,
        listener: (_request, response) => {
          response.writeHead(200, { 'content-length': good.length });
          response.write(good.slice(0, 20), () => response.destroy());
        },
      },
      {
        is: 'answers without end',
        cause: /larger than any JWK set/,
        listener: (_request, response) => response.end(good + ' '.repeat(300_000)),
      },
    ];

    it.each(listeners)('when the issuer $is', async ({ listener, cause }) => {
      await using issuer = await HttpStub.start(listener);
      expectUnavailable(await answersWith(`${issuer.origin}/keys`, cause));
    });

    it('ends as soon as the keys can be fetched', async () => {
      let isUp = false;
      await using issuer = await HttpStub.start((_request, response) =>
        isUp ? response.end(good) : response.writeHead(503).end(),
      );
      const host = await start(
        { userJwt: { jwksUri: issuer.origin, algorithms: ['RS256'] } },
        { modules: [] },
      );
      const jwt = await userJwt({ sub: 'ada' }, { key: pair.privateKey, algorithm: 'RS256', kid: 'one' });
      expectFailure(await host.get('/nudge/token', { authorization: jwt }), 'USER_KEYS_UNAVAILABLE');
      isUp = true;
      expect((await host.get('/nudge/token', { authorization: jwt })).status).toBe(200);
    });
  });
});
