import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { userJwtFromRequest, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { ExtractJwt, Strategy, type JwtFromRequestFunction } from 'passport-jwt';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';
import { exchange } from './support/raw-exchange.js';
import { CLIENTS, documentedTarget } from './support/sample-clients.js';

const API_KEY = 'obviously-fake-private-key-for-sample-client-tests';

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
