import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FAULT_LAYERS,
  NudgeEmulator,
  type EmulatorFault,
  type EmulatorFaultKind,
} from 'nestjs-nudge-auth/emulator';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { everythingSaidBy } from '../support/canaries.js';
import { HttpStub, unreachableOrigin } from '../support/http-stub.js';
import { PLATFORMS } from '../support/platforms.js';
import {
  API_KEY,
  ECHO,
  FALLBACK_KEY,
  leakSearchForEachTest,
  PROXY_PASSWORD,
  TOKEN,
} from './support/leak-search.js';

/** One or more faults of every kind. A new kind does not compile without an entry here. */
const FAULTS: { readonly [Kind in EmulatorFaultKind]: readonly EmulatorFault[] } = {
  latency: [{ kind: 'latency', latencyMs: 60_000 }],
  status: [400, 401, 403, 404, 429, 500, 503].map((status) => ({ kind: 'status', status, message: ECHO })),
  'rate-limit': [{ kind: 'rate-limit' }, { kind: 'rate-limit', retryAfterText: API_KEY }],
  redirect: [
    { kind: 'redirect' },
    { kind: 'redirect', location: `https://evil.example/?key=${encodeURIComponent(API_KEY)}` },
  ],
  firewall: [{ kind: 'firewall' }, { kind: 'firewall', status: 502 }],
  'wrong-content-type': [{ kind: 'wrong-content-type' }, { kind: 'wrong-content-type', body: ECHO }],
  'not-json': [{ kind: 'not-json', body: `{"token":"${TOKEN}","echo":"${ECHO}` }],
  'wrong-json': [
    { kind: 'wrong-json', json: { message: ECHO } },
    { kind: 'wrong-json', json: { token: { is: TOKEN, echo: ECHO } } },
    { kind: 'wrong-json', json: { token: ECHO } },
  ],
  'oversized-body': [{ kind: 'oversized-body' }],
  'gzip-bomb': [{ kind: 'gzip-bomb' }],
  drop: [{ kind: 'drop' }, { kind: 'drop', when: 'mid-body' }],
  hang: [{ kind: 'hang' }, { kind: 'hang', when: 'mid-body' }],
  'slow-body': [{ kind: 'slow-body', intervalMs: 60_000 }],
  'truncated-body': [{ kind: 'truncated-body' }],
  'same-token': [{ kind: 'same-token' }],
  'expired-token': [{ kind: 'expired-token' }],
  'token-life': [
    { kind: 'token-life', lifeS: 999_999 },
    { kind: 'token-life', lifeS: 90 },
  ],
  'aged-token': [{ kind: 'aged-token', ageS: 600 }],
  'shrinking-life': [{ kind: 'shrinking-life' }],
  'token-without-exp': [{ kind: 'token-without-exp' }],
  'token-without-iat': [{ kind: 'token-without-iat' }],
  'wrong-claims': [{ kind: 'wrong-claims', claims: { iat: API_KEY, exp: TOKEN } }],
  'garbage-token': [
    { kind: 'garbage-token', token: TOKEN },
    { kind: 'garbage-token', token: API_KEY },
  ],
  'wrong-clock': [{ kind: 'wrong-clock', offsetMs: -3_600_000 }],
  'no-date': [{ kind: 'no-date' }],
  'cached-date': [{ kind: 'cached-date', ageS: 30 }],
};

/** Faults that only a timeout ends. */
const SILENT: ReadonlySet<EmulatorFaultKind> = new Set(['latency', 'hang', 'slow-body']);

describe.each(PLATFORMS)('secrets on %s', (platform) => {
  let nudge: NudgeEmulator;
  const search = leakSearchForEachTest(platform, () => nudge.url);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  it('are found by this search if they leak', async () => {
    const error = Object.assign(new Error('outer', { cause: { deep: [{ raw: Buffer.from(API_KEY) }] } }), {
      [Symbol('hidden')]: encodeURIComponent(FALLBACK_KEY),
    });
    expect(search.canaries.foundIn(everythingSaidBy(error))).toEqual(['the API key', 'the fallback API key']);
    expect(search.canaries.foundIn(everythingSaidBy(new Error(search.jwt)))).toContain("the user's JWT");
    const { answer } = await search.provoke(await search.start());
    expect(search.canaries.foundIn(answer.text)).toContain('the token handed out');
  });

  it.each(Object.keys(FAULT_LAYERS) as EmulatorFaultKind[])('do not leak with the fault %s', async (kind) => {
    for (const fault of FAULTS[kind]) {
      nudge.reset();
      nudge.setFault(fault);
      const host = await search.start({ http: { timeoutMs: SILENT.has(kind) ? 100 : 3000, maxRetries: 1 } });
      const { answer, said } = await search.provoke(host);
      expect(nudge.requests[0]?.faults).toEqual([kind]);
      expect([fault, answer.status]).toEqual([fault, answer.status === 200 ? 200 : 503]);
      expect([fault, search.canaries.foundIn(said)]).toEqual([fault, []]);
    }
  });

  it('do not leak when Nudge refuses both keys or has not enabled the feature', async () => {
    nudge.setApiKeys(['another-key']);
    const refused = await search.provoke(await search.start());
    nudge.setApiKeys([API_KEY]);
    nudge.setEnabled(false);
    const disabled = await search.provoke(await search.start());
    nudge.setEnabled(true);
    for (const { answer, said } of [refused, disabled]) {
      expect(answer.json()['code']).toBe('NUDGE_CREDENTIALS_REJECTED');
      expect(search.canaries.foundIn(said)).toEqual([]);
    }
  });

  it.each([200, 302, 400, 401, 403, 407, 429, 500])(
    'do not leak when Nudge repeats them in an answer with status %i',
    async (status) => {
      let wasEchoed = false;
      await using vendor = await HttpStub.start((request, response) => {
        const echo = JSON.stringify({
          message: request.rawHeaders.join(' '),
          key: request.headers['apikey'],
          TOKEN,
        });
        wasEchoed ||= echo.includes(API_KEY);
        const key = String(request.headers['apikey']);
        response.writeHead(status, `No ${key}`, {
          'content-type': 'application/json',
          location: `/elsewhere?${encodeURIComponent(key)}`,
          'retry-after': key,
          'www-authenticate': key,
          date: key,
          age: key,
        });
        response.end(echo);
      });
      const { answer, said } = await search.provoke(await search.start({ baseUrl: vendor.origin }));
      expect([answer.status, wasEchoed]).toEqual([503, true]);
      expect(search.canaries.foundIn(said)).toEqual([]);
    },
  );

  it('do not leak when the answer is not HTTP', async () => {
    const sockets: Socket[] = [];
    const echo = createTcpServer((socket) => sockets.push(socket.on('error', () => {}).pipe(socket)));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const { port } = echo.address() as AddressInfo;
    const { answer, said } = await search.provoke(
      await search.start({ baseUrl: `http://127.0.0.1:${port}` }),
    );
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
    expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(search.canaries.foundIn(said)).toEqual([]);
  });

  it('do not leak when neither Nudge nor a proxy with a password can be reached', async () => {
    const { port } = new URL(await unreachableOrigin());
    const dead = await search.provoke(await search.start({ baseUrl: `http://127.0.0.1:${port}` }));
    const proxied = await search.provoke(
      await search.start({
        baseUrl: 'https://nudge.test/api',
        http: {
          maxRetries: 0,
          proxy: {
            protocol: 'http',
            host: '127.0.0.1',
            port: Number(port),
            auth: { username: 'canary', password: PROXY_PASSWORD },
          },
        },
      }),
    );
    for (const { answer, said } of [dead, proxied]) {
      expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
      // The resolved options hold the proxy as it was given, so its password is found in them.
      expect(search.canaries.foundIn(said).filter((name) => name !== 'the password of the proxy')).toEqual(
        [],
      );
    }
    const [exception] = search.caught;
    expect(search.canaries.foundIn(everythingSaidBy(exception))).toEqual([]);
  });

  it('do not leak when a proxy refuses its password and repeats it', async () => {
    let credentials = '';
    await using proxy = await HttpStub.start(() => {});
    proxy.onConnect((request, socket) => {
      credentials = String(request.headers['proxy-authorization']);
      socket.end(
        `HTTP/1.1 407 No ${credentials}\r\nX-Echo: ${credentials}\r\nContent-Length: 0\r\n\r\n${credentials}`,
      );
    });
    const { port } = new URL(proxy.origin);
    process.env['HTTPS_PROXY'] = `http://canary:${PROXY_PASSWORD}@127.0.0.1:${port}`;
    try {
      const host = await search.start({
        baseUrl: 'https://nudge.test/api',
        http: { maxRetries: 0 },
      });
      const { answer, said } = await search.provoke(host);
      expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
      expect(Buffer.from(credentials.replace('Basic ', ''), 'base64').toString()).toBe(
        `canary:${PROXY_PASSWORD}`,
      );
      search.canaries.plant('the header for the proxy', credentials);
      expect(search.canaries.foundIn(said)).toEqual([]);
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  });
});
