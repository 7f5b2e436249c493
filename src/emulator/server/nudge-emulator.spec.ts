import { describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { inspect } from 'node:util';
import { EMULATOR_KEY, emulatorForEachTest, NOW_MS } from '../../../test/support/emulator-client.js';
import { EmulatorInputError, NudgeEmulator } from '../index.js';
import { resolveEmulatorOptions } from './emulator-options.js';
import { RateLimiter } from './rate-limiter.js';

const client = emulatorForEachTest();

describe('the request log', () => {
  it('shows header names and fingerprints, but no key, no token and no content from the user', async () => {
    const token = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        `${client.nudge.url}/clients/jwt/token?expiryMins=60&extId=ada`,
        {
          headers: {
            apikey: EMULATOR_KEY,
            authorization: 'Bearer canary-user',
            cookie: 'sid=canary-user',
            'content-length': 11,
          },
        },
        (response) => {
          response.setEncoding('utf8');
          response.on('data', (text: string) => resolve((JSON.parse(text) as { token: string }).token));
        },
      );
      request.on('error', reject);
      request.end('canary-user');
    });
    await client.ask('expiryMins=60&secret=canary-user');

    expect(client.nudge.requests).toEqual([
      {
        id: 1,
        atMs: NOW_MS,
        method: 'GET',
        path: '/api/clients/jwt/token',
        query: { expiryMins: ['60'], extId: ['ada'] },
        headerNames: ['apikey', 'authorization', 'connection', 'content-length', 'cookie', 'host'],
        apiKeyFingerprint: client.nudge.state.apiKeyFingerprints[0],
        account: 'default',
        faults: [],
        overlapped: false,
        outcome: 'answered',
        status: 200,
        durationMs: 0,
        issuedKid: client.nudge.state.kid,
        tokenFingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
      expect.objectContaining({ status: 400, query: { expiryMins: ['60'], secret: ['[redacted]'] } }),
    ]);
    const shown = JSON.stringify([client.nudge.requests, client.nudge.counters, client.nudge.state]);
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(token);
  });

  it('counts all requests and keeps only the last ones', async () => {
    await client.restart({ requestLogSize: 2 });
    await client.token();
    await client.token();
    await client.token('expiryMins=61');
    await client.ask('');
    expect(client.nudge.requests.map(({ id }) => id)).toEqual([3, 4]);
    expect(client.nudge.counters).toEqual({
      received: 4,
      byStatus: { 200: 3, 400: 1 },
      byAccount: { default: 4 },
      tokensIssued: 3,
      distinctTokens: 2,
      maxConcurrent: 1,
      keysSeenElsewhere: 0,
    });
    await expect(client.nudge.untilReceived(4)).resolves.toBeUndefined();
    client.nudge.reset();
    expect(client.nudge.requests).toEqual([]);
    expect(client.nudge.counters.received).toBe(0);
  });
});

describe('starting and stopping', () => {
  it('reports every wrong option and no key', async () => {
    const start = NudgeEmulator.start({
      apiKeys: ['canary key ', ''],
      port: 70_000,
      algorithm: 'none' as 'EdDSA',
      extIdClaim: 'exp',
      host: '',
      unknown: 1,
    } as object);
    await expect(start).rejects.toThrow(EmulatorInputError);
    const error = await start.catch((caught: EmulatorInputError) => caught);
    const { problems } = error as EmulatorInputError;
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(
      expect.arrayContaining(['apiKeys.0', 'apiKeys.1', 'port', 'algorithm', 'extIdClaim', 'host']),
    );
    expect(problems.join()).toContain('unknown');
    // Node prints the problems in the message, and not a second time below it.
    expect(inspect(error)).not.toContain('problems: [');
    expect(problems.join()).not.toContain('canary');
    expect(() => client.nudge.setApiKeys([])).toThrow('at least one key');
  });

  it('reports a port in use and an address of another machine', async () => {
    const { port } = new URL(client.nudge.url);
    await expect(NudgeEmulator.start({ port: Number(port) })).rejects.toThrow(
      `The emulator cannot listen on 127.0.0.1: port ${port} is in use: take another one, or 0 for any free port`,
    );
    await expect(NudgeEmulator.start({ host: '192.0.2.1' })).rejects.toThrow(
      /cannot listen on 192\.0\.2\.1: .*EADDR/,
    );
  });

  it('gives a URL that works when it listens on every address', async () => {
    await using everywhere = await NudgeEmulator.start({ host: '0.0.0.0' });
    expect(everywhere.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api$/);
    expect((await fetch(everywhere.jwksUrl)).status).toBe(200);
  });

  it('stops at once, and a second stop does nothing', async () => {
    const { url } = client.nudge;
    await Promise.all([client.nudge.stop(), client.nudge.stop()]);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(() => client.nudge.url).toThrow('has been stopped');
  });
});

describe('wrong arguments', () => {
  it('are refused with the accepted values, and change nothing', async () => {
    const { state } = client.nudge;
    expect(() => client.nudge.setEnabled('no' as unknown as boolean)).toThrow('must be true or false');
    expect(() => client.nudge.rotateSigningKey({ withdraw: true } as object)).toThrow(
      'the fields are: withdrawOld',
    );
    expect(() => client.nudge.untilReceived(Number.NaN)).toThrow('Invalid count');
    expect(client.nudge.state).toEqual(state);
    const start = (options: unknown) => NudgeEmulator.start(options as object);
    await expect(start(null)).rejects.toThrow(EmulatorInputError);
    await expect(start({ clock: {} })).rejects.toThrow('clock: must be a Clock');
    await expect(start({ faults: { kind: 'latency' }, port: -1 })).rejects.toThrow(
      'port: must be at least 0; faults.latencyMs: must be a number',
    );
    await expect(start({ apiKeys: ['a'], publicKeys: ['a'] })).rejects.toThrow('also be in apiKeys');
  });
});

describe('the default rate limit', () => {
  it('is 1200 requests a minute for each client address', () => {
    const limiter = new RateLimiter(resolveEmulatorOptions({}).rateLimitPerMinute, client.clock);
    for (let count = 0; count < 1200; count++) expect(limiter.admit('192.0.2.7')).toBeUndefined();
    expect(limiter.admit('192.0.2.7')).toBe(60);
    expect(limiter.admit('192.0.2.8')).toBeUndefined();
  });
});
