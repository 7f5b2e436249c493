import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { userJwtFromRequest, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ExtractJwt, Strategy, type JwtFromRequestFunction } from 'passport-jwt';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-sample-client-tests';
const FRONTENDS = readFileSync(new URL('../../docs/frontends.md', import.meta.url), 'utf8');

/** The path and query in the docs' snippet of a language, so that the test uses what is documented. */
function documentedTarget(language: string): string {
  const snippet = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(FRONTENDS)?.[1] ?? '';
  const target = /["'](?:https:\/\/api\.example\.com)?(\/nudge\/token[^"']*)["']/.exec(snippet)?.[1];
  if (target === undefined) throw new Error(`docs/frontends.md has no request in ${language}`);
  return target;
}

interface SampleClient {
  readonly client: string;
  readonly language: 'ts' | 'java' | 'kotlin' | 'swift' | 'dart';
  /** All headers of the HTTP library besides `Host` and `Authorization`, in its order and spelling. */
  readonly headers: readonly string[];
  /** The header's name as the library spells it. */
  readonly authorization: 'Authorization' | 'authorization';
}

const CLIENTS: readonly SampleClient[] = [
  {
    client: 'JavaScript, axios in a browser',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Connection: keep-alive',
      'sec-ch-ua-platform: "Linux"',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
      'Accept: application/json, text/plain, */*',
      'Sec-Fetch-Site: same-origin',
      'Sec-Fetch-Mode: cors',
      'Sec-Fetch-Dest: empty',
      'Referer: http://shop.example/',
      'Accept-Encoding: gzip, deflate, br, zstd',
      'Accept-Language: en-GB,en;q=0.9',
    ],
  },
  {
    client: 'JavaScript, fetch in a browser',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Connection: keep-alive',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      'Accept: */*',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate',
      'Sec-Fetch-Mode: cors',
    ],
  },
  {
    client: 'React Native, axios on Android',
    language: 'ts',
    authorization: 'authorization',
    headers: [
      'accept: application/json, text/plain, */*',
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
      'User-Agent: okhttp/4.12.0',
    ],
  },
  {
    client: 'React Native, fetch on iOS',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Accept: */*',
      'Accept-Language: en-GB,en;q=0.9',
      'Connection: keep-alive',
      'Accept-Encoding: gzip, deflate',
      'User-Agent: Shop/1 CFNetwork/1494.0.7 Darwin/23.4.0',
    ],
  },
  {
    client: 'Java, HttpURLConnection on Android',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'User-Agent: Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A.240505.004)',
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
    ],
  },
  {
    client: 'Java, HttpURLConnection elsewhere',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'User-Agent: Java/17.0.15',
      'Accept: text/html, image/gif, image/jpeg, */*; q=0.2',
      'Connection: keep-alive',
    ],
  },
  {
    client: 'Java, java.net.http',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'Connection: Upgrade, HTTP2-Settings',
      'HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAABgAGAAA',
      'Upgrade: h2c',
      'User-Agent: Java-http-client/17.0.15',
    ],
  },
  {
    client: 'Kotlin, OkHttp',
    language: 'kotlin',
    authorization: 'Authorization',
    headers: ['Connection: Keep-Alive', 'Accept-Encoding: gzip', 'User-Agent: okhttp/4.12.0'],
  },
  {
    client: 'Swift, URLSession',
    language: 'swift',
    authorization: 'Authorization',
    headers: [
      'Accept: */*',
      'Accept-Language: en-GB,en;q=0.9',
      'Connection: keep-alive',
      'Accept-Encoding: gzip, deflate, br',
      'User-Agent: Shop/1 CFNetwork/1494.0.7 Darwin/23.4.0',
    ],
  },
  {
    client: 'Flutter, package:http',
    language: 'dart',
    authorization: 'authorization',
    headers: ['user-agent: Dart/3.5 (dart:io)', 'accept-encoding: gzip', 'content-length: 0'],
  },
];

interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends the lines as they are, and reads one answer with a known length from the socket. */
function exchange(host: Host, target: string, lines: readonly string[]): Promise<RawAnswer> {
  const { hostname, port, host: authority } = new URL(host.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = Buffer.alloc(0);
    socket.on('error', reject).on('close', () => reject(new Error(`closed after: ${received.toString()}`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const [statusLine = '', ...fields] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
      const headers = new Map(
        fields.map((field) => {
          const colon = field.indexOf(':');
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
        }),
      );
      const body = received.subarray(headEnd + 4);
      if (body.length < Number(headers.get('content-length'))) return;
      resolve({ status: Number(statusLine.split(' ')[1]), headers, body: body.toString() });
      socket.destroy();
    });
    socket.write([`GET ${target} HTTP/1.1`, `Host: ${authority}`, ...lines, '', ''].join('\r\n'));
  });
}

function strategyModule(jwtFromRequest: JwtFromRequestFunction): new () => object {
  @Injectable()
  class OwnJwtStrategy extends PassportStrategy(Strategy, 'jwt') {
    constructor() {
      super({ jwtFromRequest, secretOrKey: USER_SECRET, algorithms: ['HS256'] });
    }

    validate({ sub }: { sub: string }): { id: string } {
      return { id: sub };
    }
  }

  @Module({ imports: [PassportModule], providers: [OwnJwtStrategy] })
  class OwnAuthModule {}

  return OwnAuthModule;
}

/** The two ways to verify users. */
const HOSTS = [
  {
    verifier: 'userJwt',
    options: { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } },
    modules: [],
  },
  {
    verifier: 'a strategy of the host with userJwtFromRequest',
    options: {},
    modules: [strategyModule(userJwtFromRequest)],
  },
] satisfies { verifier: string; options: Partial<NudgeAuthModuleOptions>; modules: (new () => object)[] }[];

const AUTHORIZATIONS = [
  { form: 'without a scheme', of: (jwt: string) => jwt },
  { form: 'as Bearer', of: (jwt: string) => `Bearer ${jwt}` },
  { form: 'as bearer', of: (jwt: string) => `bearer ${jwt}` },
];

describe.each(PLATFORMS)('the vendor’s sample clients on %s', (platform) => {
  let nudge: NudgeEmulator;
  let jwt: string;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    jwt = await userJwt();
  });

  afterAll(() => nudge.stop());

  describe.each(HOSTS)('with $verifier', ({ options, modules }) => {
    let host: Host;
    let token: string;

    beforeAll(async () => {
      host = await Host.start(platform, {
        nudge: { apiKey: API_KEY, baseUrl: nudge.url, ...options },
        modules,
      });
      token = String((await host.getAsUser()).json()['token']);
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    });

    afterAll(() => host.close());

    describe.each(AUTHORIZATIONS)('and Authorization $form', ({ of }) => {
      it.each(CLIENTS)(
        '$client gets what docs/frontends.md says',
        async ({ language, headers, authorization }) => {
          const target = documentedTarget(language);

          const answer = await exchange(host, target, [`${authorization}: ${of(jwt)}`, ...headers]);

          expect(answer.status).toBe(200);
          expect(answer.headers.get('cache-control')).toBe('private, no-store');
          // The sample does not decompress the body, and uses all of it as the token.
          expect(answer.headers.has('content-encoding')).toBe(false);
          if (language === 'ts') {
            expect(target).toBe('/nudge/token');
            expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
            expect(JSON.parse(answer.body)).toMatchObject({ token, expiresIn: expect.any(Number) });
          } else {
            expect(target).toBe('/nudge/token?format=text');
            expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
            expect(answer.body).toBe(token);
          }
        },
      );
    });

    it.each(CLIENTS.filter(({ language }) => language !== 'ts'))(
      '$client can also send Accept: text/plain',
      async ({ headers, authorization }) => {
        const others = headers.filter((header) => !/^accept:/i.test(header));
        const answer = await exchange(host, '/nudge/token', [
          `${authorization}: ${jwt}`,
          'Accept: text/plain',
          ...others,
        ]);

        expect([answer.status, answer.body]).toEqual([200, token]);
      },
    );

    it.each(CLIENTS)('$client gets a 401 in JSON without a valid JWT', async (client) => {
      const answer = await exchange(host, documentedTarget(client.language), [
        `${client.authorization}: your_token`,
        ...client.headers,
      ]);

      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 401 });
    });
  });

  it('get an answer after seven of their ten seconds if Nudge never answers', async () => {
    const clock = new ManualClock(Date.now());
    await using silent = await NudgeEmulator.start({ apiKeys: [API_KEY], faults: [{ kind: 'hang' }] });
    await using host = await Host.start(platform, {
      nudge: {
        apiKey: API_KEY,
        baseUrl: silent.url,
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
      },
      modules: [],
      clock,
      // There is no pause between the attempts, because the test moves the clock only during a call.
      random: () => 0,
    });

    const sent = exchange(host, documentedTarget('swift'), [`Authorization: ${jwt}`, 'Accept: */*']);
    for (const [attempt, ms] of [3_000, 3_000, 1_000].entries()) {
      await silent.untilReceived(attempt + 1);
      clock.advance(ms);
    }
    const answer = await sent;

    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('nudge-auth-error')).toBe('NUDGE_TIMEOUT');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('are refused without a scheme by a host’s strategy that accepts only Bearer', async () => {
    await using host = await Host.start(platform, {
      nudge: { apiKey: API_KEY, baseUrl: nudge.url },
      modules: [HostAuthModule],
    });

    const bare = await exchange(host, '/nudge/token?format=text', [`Authorization: ${jwt}`]);
    const bearer = await exchange(host, '/nudge/token?format=text', [`Authorization: Bearer ${jwt}`]);

    expect([bare.status, bearer.status]).toEqual([401, 200]);
  });
});

describe('userJwtFromRequest', () => {
  const header = (authorization?: string | string[]) => ({ headers: { authorization } });

  it.each([
    ['Bearer aa.bb.cc', 'aa.bb.cc'],
    ['bearer   aa.bb.cc ', 'aa.bb.cc'],
    ['BEARER aa.bb.cc', 'aa.bb.cc'],
    ['aa.bb.cc', 'aa.bb.cc'],
    [' a-_9.b.c ', 'a-_9.b.c'],
  ])('finds the JWT in %j', (authorization, found) => {
    expect(userJwtFromRequest(header(authorization))).toBe(found);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'your_token',
    'aa.bb',
    'aa.bb.cc.dd',
    'Basic aa.bb.cc',
    'Bearer aa.bb.cc, Bearer dd.ee.ff',
    'Bearer aa.bb.c c',
    ['aa.bb.cc'],
  ])('returns null, as passport-jwt requires, for %j', (authorization) => {
    expect(userJwtFromRequest(header(authorization))).toBeNull();
  });

  it('returns null for a header that is longer than Node accepts', () => {
    expect(userJwtFromRequest(header(`aa.bb.${'c'.repeat(20_000)}`))).toBeNull();
  });

  it('can be combined with the extractors of passport-jwt', () => {
    const fromAnywhere = ExtractJwt.fromExtractors([
      userJwtFromRequest,
      ExtractJwt.fromHeader('x-access-token'),
    ]);
    const request = { headers: { 'x-access-token': 'from-elsewhere' } };

    expect(fromAnywhere(request as never)).toBe('from-elsewhere');
    expect(fromAnywhere(header('aa.bb.cc') as never)).toBe('aa.bb.cc');
  });
});
