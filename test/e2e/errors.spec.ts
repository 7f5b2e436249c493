import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { readFile } from 'node:fs/promises';
import { HttpStub, unreachableOrigin } from '../support/http-stub.js';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { PLATFORMS } from '../support/platforms.js';
import {
  expectFailure,
  FAILING_KEY,
  failingHosts,
  retryAfterOf,
  SPREAD_S,
  type FaultCase,
} from './support/failures.js';

const PUBLIC_KEY = 'obviously-fake-other-key-for-error-tests';

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

describe.each(PLATFORMS)('failures on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = failingHosts(platform, () => nudge.url);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [FAILING_KEY], publicKeys: [PUBLIC_KEY] });
  });

  afterEach(() => {
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
        await using vendor = await NudgeEmulator.start({ apiKeys: [FAILING_KEY], clock });
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
});
