import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Catch, Injectable, type ArgumentsHost } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { NudgeAuthModule, NudgeTokenService, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import {
  FAULT_LAYERS,
  NudgeEmulator,
  type EmulatorFault,
  type EmulatorFaultKind,
} from 'nestjs-nudge-auth/emulator';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { NUDGE_AUTH_OPTIONS } from '../../src/common/injection-tokens.js';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { Host, type HttpResult } from '../support/host.js';
import { HttpStub, unreachableOrigin } from '../support/http-stub.js';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'canary+api/key=obviously~fake-0001';
const FALLBACK_KEY = 'canary+fallback/key=obviously~fake-0002';
const TOKEN = 'canaryheaderobviouslyfake.canarypayloadobviouslyfake.canarysignatureobviouslyfake';
const PROXY_PASSWORD = 'canary-proxy-password-obviously-fake-0003';
const OPTION = 'canary-option-obviously-fake-0004';

const ECHO = `key ${API_KEY} and ${FALLBACK_KEY}, token ${TOKEN}`;

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

/** The exceptions that a filter of the host gets. */
const caught: unknown[] = [];

@Catch()
@Injectable()
class SpyFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    caught.push(exception);
    // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- this catch is a filter's method
    super.catch(exception, host);
  }
}

describe.each(PLATFORMS)('secrets on %s', (platform) => {
  let nudge: NudgeEmulator;
  let canaries: Canaries;
  let jwt: string;
  const printed: string[] = [];
  const hosts: Host[] = [];

  async function start(options: Partial<NudgeAuthModuleOptions> = {}): Promise<Host> {
    const host = await Host.start(platform, {
      nudge: {
        apiKey: API_KEY,
        fallbackApiKey: FALLBACK_KEY,
        baseUrl: nudge.url,
        http: { maxRetries: 1 },
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
        ...options,
      } as NudgeAuthModuleOptions,
      modules: [],
      providers: [{ provide: APP_FILTER, useClass: SpyFilter }],
      random: () => 0,
    });
    hosts.push(host);
    return host;
  }

  /** Gets a token over HTTP and from the service. Returns all output except a token that was handed out rightly. */
  async function provoke(host: Host): Promise<{ answer: HttpResult; said: string }> {
    const answer = await host.get('/nudge/token', { authorization: `Bearer ${jwt}` });
    const service = host.app.get(NudgeTokenService);
    const outcome = await service.getToken({ forceRefresh: true }).catch((error: unknown) => error);
    const said = [
      JSON.stringify(answer.headers),
      everythingSaidBy(service),
      everythingSaidBy(service.status()),
    ];
    if (answer.status === 200) canaries.plant('the token handed out', String(answer.json()['token']));
    else said.push(answer.text);
    if (outcome instanceof Error) said.push(everythingSaidBy(outcome));
    else canaries.plant('the token fetched', (outcome as { token: string }).token);
    await host.close();
    said.push(
      everythingSaidBy(caught),
      everythingSaidBy(host.app.get(NUDGE_AUTH_OPTIONS)),
      JSON.stringify(host.logger.lines),
      printed.join('\n'),
    );
    return { answer, said: said.join('\n') };
  }

  function record(stream: NodeJS.WriteStream): void {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  }

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  beforeEach(async () => {
    nudge.reset();
    caught.length = 0;
    printed.length = 0;
    jwt = await userJwt({ sub: 'canary-user' });
    canaries = new Canaries()
      .plant('the API key', API_KEY)
      .plant('the fallback API key', FALLBACK_KEY)
      .plant('the token', TOKEN)
      .plant("the user's JWT", jwt)
      .plant("the signature of the user's JWT", jwt.split('.')[2])
      .plant("the users' secret", USER_SECRET)
      .plant('the password of the proxy', PROXY_PASSWORD);
    record(process.stdout);
    record(process.stderr);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });

  afterAll(() => nudge.stop());

  it('are found by this search if they leak', async () => {
    const error = Object.assign(new Error('outer', { cause: { deep: [{ raw: Buffer.from(API_KEY) }] } }), {
      [Symbol('hidden')]: encodeURIComponent(FALLBACK_KEY),
    });
    expect(canaries.foundIn(everythingSaidBy(error))).toEqual(['the API key', 'the fallback API key']);
    expect(canaries.foundIn(everythingSaidBy(new Error(jwt)))).toContain("the user's JWT");
    const { answer } = await provoke(await start());
    expect(canaries.foundIn(answer.text)).toContain('the token handed out');
  });

  it.each(Object.keys(FAULT_LAYERS) as EmulatorFaultKind[])('do not leak with the fault %s', async (kind) => {
    for (const fault of FAULTS[kind]) {
      nudge.reset();
      nudge.setFault(fault);
      const host = await start({ http: { timeoutMs: SILENT.has(kind) ? 100 : 3000, maxRetries: 1 } });
      const { answer, said } = await provoke(host);
      expect(nudge.requests[0]?.faults).toEqual([kind]);
      expect([fault, answer.status]).toEqual([fault, answer.status === 200 ? 200 : 503]);
      expect([fault, canaries.foundIn(said)]).toEqual([fault, []]);
    }
  });

  it('do not leak when Nudge refuses both keys or has not enabled the feature', async () => {
    nudge.setApiKeys(['another-key']);
    const refused = await provoke(await start());
    nudge.setApiKeys([API_KEY]);
    nudge.setEnabled(false);
    const disabled = await provoke(await start());
    nudge.setEnabled(true);
    for (const { answer, said } of [refused, disabled]) {
      expect(answer.json()['code']).toBe('NUDGE_CREDENTIALS_REJECTED');
      expect(canaries.foundIn(said)).toEqual([]);
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
      const { answer, said } = await provoke(await start({ baseUrl: vendor.origin }));
      expect([answer.status, wasEchoed]).toEqual([503, true]);
      expect(canaries.foundIn(said)).toEqual([]);
    },
  );

  it('do not leak when the answer is not HTTP', async () => {
    const sockets: Socket[] = [];
    const echo = createTcpServer((socket) => sockets.push(socket.on('error', () => {}).pipe(socket)));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const { port } = echo.address() as AddressInfo;
    const { answer, said } = await provoke(await start({ baseUrl: `http://127.0.0.1:${port}` }));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
    expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(canaries.foundIn(said)).toEqual([]);
  });

  it('do not leak when neither Nudge nor a proxy with a password can be reached', async () => {
    const { port } = new URL(await unreachableOrigin());
    const dead = await provoke(await start({ baseUrl: `http://127.0.0.1:${port}` }));
    const proxied = await provoke(
      await start({
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
      expect(canaries.foundIn(said).filter((name) => name !== 'the password of the proxy')).toEqual([]);
    }
    const [exception] = caught;
    expect(canaries.foundIn(everythingSaidBy(exception))).toEqual([]);
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
      const host = await start({
        baseUrl: 'https://nudge.test/api',
        http: { maxRetries: 0 },
      });
      const { answer, said } = await provoke(host);
      expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
      expect(Buffer.from(credentials.replace('Basic ', ''), 'base64').toString()).toBe(
        `canary:${PROXY_PASSWORD}`,
      );
      canaries.plant('the header for the proxy', credentials);
      expect(canaries.foundIn(said)).toEqual([]);
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  });

  it.each([
    { is: 'message', make: () => new Error(ECHO) },
    { is: 'name', make: () => Object.assign(new Error('no'), { name: API_KEY }) },
    {
      is: 'name that looks like the name of an error',
      make: () => Object.assign(new Error('no'), { name: `${TOKEN}Error` }),
    },
    { is: 'code', make: () => Object.assign(new Error('no'), { code: API_KEY }) },
    { is: 'cause', make: () => new Error('no', { cause: new Error(ECHO) }) },
    { is: 'field', make: () => Object.assign(new Error('no'), { config: { headers: { apikey: API_KEY } } }) },
    { is: 'thrown value', make: () => ECHO },
  ])('do not leak when the apiKey function throws an error with them as its $is', async ({ make }) => {
    const apiKey = (): Promise<string> => Promise.reject(make());
    const { answer, said } = await provoke(await start({ apiKey }));
    expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(canaries.foundIn(said)).toEqual([]);
  });

  it('do not leak when the apiKey function returns a key that cannot be sent', async () => {
    for (const key of [`${API_KEY}\n`, `"${API_KEY}"`, ` ${API_KEY}`, `${API_KEY}\0`, `ключ ${API_KEY}`]) {
      const { answer, said } = await provoke(await start({ apiKey: () => key }));
      expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
      expect(canaries.foundIn(said)).toEqual([]);
    }
  });

  it('do not leak when users are refused', async () => {
    const host = await start();
    const refusedJwts = [
      await userJwt({ sub: 'canary' }, { expiresIn: '-1m' }),
      await userJwt({ sub: 'canary' }, { secret: OPTION.repeat(2) }),
      TOKEN,
    ];
    for (const refusedJwt of refusedJwts) {
      canaries.plant('a JWT that is refused', refusedJwt);
      const answer = await host.get(`/nudge/token?token=${refusedJwt}`, {
        authorization: `Bearer ${refusedJwt}`,
        cookie: `token=${refusedJwt}`,
      });
      expect(answer.status).toBe(401);
      const said = [
        answer.text,
        JSON.stringify(answer.headers),
        JSON.stringify(host.logger.lines),
        ...printed,
      ];
      expect(canaries.foundIn(`${said.join('\n')}${everythingSaidBy(caught)}`)).toEqual([]);
    }
  });

  it('do not leak when a request is refused for its parameters', async () => {
    const host = await start();
    const answer = await host.get(`/nudge/token?extId=${TOKEN}&format=${OPTION}`, { authorization: jwt });
    canaries.plant('a parameter', OPTION);
    expect(answer.status).toBe(400);
    expect(
      canaries.foundIn(answer.text + everythingSaidBy(caught) + JSON.stringify(host.logger.lines)),
    ).toEqual([]);
  });

  describe('do not leak when the boot fails', () => {
    const { privatePem } = rsaKeyPair();

    it.each([
      { is: 'a quoted key', options: { apiKey: `"${OPTION}"` } },
      { is: 'a key with a line break', options: { apiKey: `${OPTION}\n` } },
      { is: 'a key in a list', options: { apiKey: [OPTION] } },
      { is: 'a quoted fallback key', options: { fallbackApiKey: `'${OPTION}'` } },
      { is: 'a base URL with a password', options: { baseUrl: `https://canary:${OPTION}@nudge.test` } },
      { is: 'a base URL with a query', options: { baseUrl: `https://nudge.test?key=${OPTION}` } },
      { is: 'a base URL that is not a URL', options: { baseUrl: OPTION } },
      { is: 'a proxy as a URL', options: { http: { proxy: `http://canary:${OPTION}@nudge.test:8080` } } },
      {
        is: 'a proxy without a port',
        options: { http: { proxy: { host: OPTION, auth: { password: OPTION } } } },
      },
      { is: 'a lifetime as text', options: { defaultExpiryMins: OPTION } },
      { is: 'a PEM as a secret', options: { userJwt: { secret: privatePem, algorithms: ['HS256'] } } },
      {
        is: 'a private key as a public one',
        options: { userJwt: { publicKey: privatePem, algorithms: ['RS256'] } },
      },
      { is: 'a secret as a public key', options: { userJwt: { publicKey: OPTION, algorithms: ['RS256'] } } },
      {
        is: 'a JWKS over plain http',
        options: { userJwt: { jwksUri: `http://nudge.test/${OPTION}`, algorithms: ['RS256'] } },
      },
      { is: 'a secret as an algorithm', options: { userJwt: { secret: OPTION, algorithms: [OPTION] } } },
      { is: 'a store that is not a store', options: { store: OPTION } },
      {
        is: 'several wrong options at once',
        options: { scope: OPTION, extId: OPTION, warmUp: OPTION, enabled: OPTION },
      },
    ])('for $is', async ({ options }) => {
      canaries.plant('the option', OPTION).plant('the private key', privatePem.split('\n')[2]);
      const error: unknown = await start(options as unknown as Partial<NudgeAuthModuleOptions>).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ name: 'InvalidNudgeAuthOptionsError' });
      expect(canaries.foundIn(everythingSaidBy(error) + printed.join('\n'))).toEqual([]);
    });

    it('for the options of a factory', async () => {
      canaries.plant('the option', OPTION);
      const error: unknown = await Host.start(platform, {
        modules: [NudgeAuthModule.forRootAsync({ useFactory: () => ({ apiKey: `${OPTION} ` }) })],
      }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'InvalidNudgeAuthOptionsError' });
      expect(canaries.foundIn(everythingSaidBy(error) + printed.join('\n'))).toEqual([]);
    });

    it('for keys that Nudge refuses during the warm-up', async () => {
      nudge.setApiKeys(['another-key']);
      const error: unknown = await start({ warmUp: 'required' }).catch((reason: unknown) => reason);
      nudge.setApiKeys([API_KEY]);
      expect(error).toBeInstanceOf(Error);
      expect(canaries.foundIn(everythingSaidBy(error) + printed.join('\n'))).toEqual([]);
    });
  });
});
