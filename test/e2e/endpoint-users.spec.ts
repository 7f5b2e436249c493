import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { HttpStub } from '../support/http-stub.js';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, USER_SECRET, userJwt } from '../support/users.js';

import { hostsForEachTest } from './support/hosts.js';
import { expectUncacheable } from './support/uncacheable.js';

const API_KEY = 'obviously-fake-private-key-for-endpoint-tests';

describe.each(PLATFORMS)('the endpoint on %s', (platform) => {
  let nudge: NudgeEmulator;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('with userJwt', () => {
    const start = hostsForEachTest(platform);
    const hostWith = (userJwtOptions: unknown): Promise<Host> =>
      start({
        nudge: { apiKey: API_KEY, baseUrl: nudge.url, userJwt: userJwtOptions as never },
        modules: [],
      });

    async function statusFor(host: Host, authorization: string | undefined): Promise<number> {
      const answer = await host.get('/nudge/token', authorization === undefined ? {} : { authorization });
      if (answer.status === 401) {
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expectUncacheable(answer);
      }
      return answer.status;
    }

    it('accepts the JWT after Bearer or bare, and nothing else', async () => {
      const host = await hostWith({ secret: USER_SECRET, algorithms: ['HS256'] });
      const good = await userJwt();
      for (const authorization of [
        `Bearer ${good}`,
        `bearer ${good}`,
        good,
        ` ${good} `,
        `Bearer  ${good}`,
      ]) {
        expect([authorization, await statusFor(host, authorization)]).toEqual([authorization, 200]);
      }
      const [, payload = ''] = good.split('.');
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
      const bad = [
        undefined,
        'Bearer',
        'Bearer a.b.c',
        `Basic ${good}`,
        `JWT ${good}`,
        `${good} ${good}`,
        unsigned,
        `Bearer ${unsigned}`,
        await userJwt({ sub: 'ada' }, { expiresIn: '-1s' }),
        await userJwt({ sub: 'ada' }, { secret: 'another-owners-fake-secret-0123456789' }),
        await userJwt({ sub: 'ada' }, { algorithm: 'HS512', secret: USER_SECRET.repeat(2) }),
      ];
      for (const authorization of bad) {
        expect([authorization, await statusFor(host, authorization)]).toEqual([authorization, 401]);
      }
      expect((await host.get('/nudge/token', { cookie: `jwt=${good}` })).status).toBe(401);
      expect((await host.get(`/nudge/token?token=${good}`)).status).toBe(401);
    });

    it('accepts every secret of a list during a rotation', async () => {
      const older = 'obviously-fake-older-secret-0123456789abcdef';
      const host = await hostWith({ secret: [USER_SECRET, Buffer.from(older)], algorithms: ['HS256'] });
      expect(await statusFor(host, await userJwt())).toBe(200);
      expect(await statusFor(host, await userJwt({ sub: 'bob' }, { secret: older }))).toBe(200);
      expect(await statusFor(host, await userJwt({}, { secret: `${older}!` }))).toBe(401);
    });

    it('checks the issuer and the audience of the JWT', async () => {
      const host = await hostWith({
        secret: USER_SECRET,
        algorithms: ['HS256'],
        issuer: ['https://id.example', 'https://id2.example'],
        audience: 'shop',
      });
      const good = { sub: 'ada', iss: 'https://id2.example', aud: 'shop' };
      expect(await statusFor(host, await userJwt(good))).toBe(200);
      expect(await statusFor(host, await userJwt({ ...good, iss: 'https://evil.example' }))).toBe(401);
      expect(await statusFor(host, await userJwt({ ...good, aud: 'other' }))).toBe(401);
      expect(await statusFor(host, await userJwt({ sub: 'ada' }))).toBe(401);
      expect(host.logger.at('debug')).toEqual(
        ['issuer', 'audience', 'audience'].map((reason) =>
          expect.stringContaining(`A user's JWT is refused: ${reason}`),
        ),
      );
      expect(JSON.stringify(host.logger.lines)).not.toContain('eyJ');
    });

    it('verifies with a public key, and never uses it as a shared secret', async () => {
      const { publicPem, privateKey } = rsaKeyPair();
      const host = await hostWith({ publicKey: publicPem, algorithms: ['RS256', 'RS384'] });
      const sign = (algorithm: string): Promise<string> =>
        userJwt({ sub: 'ada' }, { key: privateKey, algorithm });
      expect(await statusFor(host, await sign('RS256'))).toBe(200);
      expect(await statusFor(host, await sign('RS384'))).toBe(200);
      expect(await statusFor(host, await sign('RS512'))).toBe(401);
      expect(await statusFor(host, await userJwt({ sub: 'ada' }, { secret: publicPem }))).toBe(401);
    });

    it.each([
      { answer: true, status: 401 },
      { answer: Promise.resolve(true), status: 401 },
      { answer: 1, status: 401 },
      { answer: false, status: 200 },
      { answer: undefined, status: 200 },
    ])('calls isRevoked for every request: $answer gives $status', async ({ answer, status }) => {
      const checked: unknown[] = [];
      const host = await hostWith({
        secret: USER_SECRET,
        algorithms: ['HS256'],
        isRevoked: (payload: { sub: string }) => {
          checked.push(payload.sub);
          return answer;
        },
      });
      const good = await userJwt();
      expect([await statusFor(host, good), await statusFor(host, good)]).toEqual([status, status]);
      expect(checked).toEqual(['ada', 'ada']);
    });

    it('verifies with the keys that the issuer publishes', async () => {
      const first = rsaKeyPair();
      const second = rsaKeyPair();
      const unpublished = rsaKeyPair();
      const jwkOf = ({ publicJwk }: typeof first, kid: string): object => ({ ...publicJwk, kid, use: 'sig' });
      const fetched: (string | undefined)[] = [];
      await using issuer = await HttpStub.start((request, response) => {
        fetched.push(request.url);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ keys: [jwkOf(first, 'first'), jwkOf(second, 'second')] }));
      });
      const host = await hostWith({ jwksUri: `${issuer.origin}/keys?x=1`, algorithms: ['RS256'] });
      const sign = (pair: typeof first, kid?: string): Promise<string> =>
        userJwt({ sub: 'ada' }, { key: pair.privateKey, algorithm: 'RS256', kid });

      expect(await statusFor(host, await sign(first, 'first'))).toBe(200);
      expect(await statusFor(host, await sign(second, 'second'))).toBe(200);
      expect(fetched).toEqual(['/keys?x=1']);
      expect(await statusFor(host, await sign(first, 'first'))).toBe(200);
      expect(await statusFor(host, await sign(unpublished, 'second'))).toBe(401);
      // The issuer may have published this key since the last fetch.
      expect(await statusFor(host, await sign(unpublished, 'third'))).toBe(503);
      expect(await statusFor(host, await sign(first))).toBe(401);
      expect(await statusFor(host, 'Bearer no.jwt.atall')).toBe(401);
      expect(await statusFor(host, await userJwt())).toBe(401);
      expect(fetched).toHaveLength(1);
    });
  });

  it('gives each user a separate token in scope user', async () => {
    const seen: unknown[] = [];
    await using host = await Host.start(platform, {
      nudge: {
        apiKey: API_KEY,
        baseUrl: nudge.url,
        scope: 'user',
        extId: (user, request) => {
          seen.push(Reflect.get(Object(request), 'url'));
          const { id } = user as { id: string };
          return id === 'none' ? (undefined as never) : Promise.resolve(id === 'long' ? 'x'.repeat(101) : id);
        },
        endpoint: { userProperty: 'account' },
      },
    });
    const statusOf = async (sub: string): Promise<number> =>
      (await host.getAsUser('/nudge/token', { authorization: `Bearer ${await userJwt({ sub })}` })).status;

    expect(await statusOf('ada')).toBe(200);
    expect(await statusOf('bob')).toBe(200);
    expect(await statusOf('ada')).toBe(200);
    expect(nudge.requests.map(({ query }) => query['extId'])).toEqual([['ada'], ['bob']]);
    expect(seen).toEqual(['/nudge/token', '/nudge/token', '/nudge/token']);

    for (const sub of ['none', 'long', '']) expect([sub, await statusOf(sub)]).toEqual([sub, 400]);
    expect(nudge.requests).toHaveLength(2);
  });

  it('sends no header of the user to Nudge and no header of Nudge to the user', async () => {
    await using host = await Host.start(platform, {
      nudge: { apiKey: API_KEY, baseUrl: nudge.url, cache: false },
    });
    const answer = await host.getAsUser('/nudge/token?utm_source=mail&secret=hush', {
      cookie: 'session=obviously-fake',
      'x-forwarded-for': '203.0.113.9',
      'user-agent': 'the browser of Ada',
      'x-app-version': '1',
    });
    expect(answer.status).toBe(200);
    expect(nudge.requests).toEqual([
      expect.objectContaining({
        method: 'GET',
        path: '/api/clients/jwt/token',
        query: { expiryMins: ['60'] },
        headerNames: ['accept', 'accept-encoding', 'apikey', 'connection', 'host', 'user-agent'],
      }),
    ]);

    const { token } = answer.json();
    let seen: unknown[] = [];
    await using chatty = await HttpStub.start((request, response) => {
      seen = [request.headers['user-agent'], request.headers['accept']];
      response.writeHead(200, {
        'content-type': 'application/json',
        'set-cookie': 'vendor=obviously-fake',
        etag: '"of-the-vendor"',
        'x-vendor-secret': 'hush',
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=3600',
      });
      response.end(JSON.stringify({ token, refreshIn: 1, extra: 'of the vendor' }));
    });
    await using second = await Host.start(platform, { nudge: { apiKey: API_KEY, baseUrl: chatty.origin } });
    const quiet = await second.getAsUser();
    expect(seen).toEqual(['nestjs-nudge-auth', 'application/json']);
    expect(Object.keys(quiet.json()).toSorted()).toEqual(['expiresAt', 'expiresIn', 'refreshIn', 'token']);
    const ours = [
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'vary',
      'x-content-type-options',
      'x-powered-by',
    ];
    expect(ours).toEqual(expect.arrayContaining(Object.keys(quiet.headers)));
    expectUncacheable(quiet);
  });
});
