import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthGuard } from '@nestjs/passport';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host, httpGet, type HttpResult } from '../support/host.js';
import { HttpStub } from '../support/http-stub.js';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-endpoint-tests';

function varyOf(answer: HttpResult): string[] {
  return (answer.headers.vary ?? '').split(',').map((name) => name.trim());
}

/** Every answer that the guard or the handler writes has these headers. */
function expectUncacheable(answer: HttpResult): void {
  expect(answer.headers).toMatchObject({
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers).not.toHaveProperty('etag');
  expect(varyOf(answer)).toEqual(expect.arrayContaining(['Authorization', 'Accept', 'Cookie']));
}

describe.each(PLATFORMS)('the endpoint on %s', (platform) => {
  let nudge: NudgeEmulator;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('answers as JSON', () => {
    it.each([
      { chance: 0, share: 0.75 },
      { chance: 0.5, share: 0.85 },
      { chance: 0.999_999, share: 0.949_99 },
    ])('with four fields, and refreshIn at $share of the life for a chance of $chance', async (row) => {
      const clock = new ManualClock();
      await using vendor = await NudgeEmulator.start({ apiKeys: [API_KEY], clock });
      await using host = await Host.start(platform, {
        nudge: { apiKey: API_KEY, baseUrl: vendor.url, defaultExpiryMins: 45 },
        clock,
        random: () => row.chance,
      });

      const answer = await host.getAsUser();

      // 45 minutes, less one second, because the vendor's `Date` shows only whole seconds.
      const lifeS = 45 * 60 - 1;
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.json()).toEqual({
        token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        expiresAt: new Date(clock.now().wallMs + lifeS * 1000).toISOString(),
        expiresIn: lifeS,
        refreshIn: Math.floor(lifeS * row.share),
      });
    });

    it('with the remaining life of a held token', async () => {
      const clock = new ManualClock();
      await using vendor = await NudgeEmulator.start({ apiKeys: [API_KEY], clock });
      await using host = await Host.start(platform, {
        nudge: { apiKey: API_KEY, baseUrl: vendor.url, cache: { rotateAfterMs: 600_000 } },
        clock,
        random: () => 0,
      });
      const first = (await host.getAsUser()).json();
      clock.advance(30_500);
      const second = (await host.getAsUser()).json();

      expect(second).toEqual({
        token: first['token'],
        expiresAt: first['expiresAt'],
        expiresIn: Math.floor(3599 - 30.5),
        refreshIn: Math.floor((3599 - 30.5) * 0.75),
      });
    });
  });

  describe.each([
    { guard: 'the host’s own strategy', options: {} },
    {
      guard: 'the host’s own guard',
      options: { endpoint: { guards: [AuthGuard('jwt')] } },
      hasOurHeaders: false,
    },
    { guard: 'userJwt', options: { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] as const } } },
  ])('with one registration and $guard', ({ options, hasOurHeaders = true }) => {
    let host: Host;

    beforeAll(async () => {
      host = await Host.start(platform, {
        nudge: { apiKey: API_KEY, baseUrl: nudge.url, ...options },
        configure: (app) => app.enableCors({ origin: ['https://shop.example'], credentials: true }),
      });
    });

    afterAll(() => host.close());

    it('answers the bare token as text for ?format=text', async () => {
      const json = await host.getAsUser('/nudge/token?format=json', { accept: 'text/plain' });
      const text = await host.getAsUser('/nudge/token?format=text', { accept: 'application/json' });

      expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(text.text).toBe(json.json()['token']);
    });

    it.each([
      { accept: undefined, format: 'application/json' },
      { accept: '*/*', format: 'application/json' },
      { accept: 'application/json', format: 'application/json' },
      { accept: 'text/plain', format: 'text/plain' },
      { accept: 'TEXT/PLAIN; Charset=UTF-8', format: 'text/plain' },
      { accept: 'text/plain, */*', format: 'text/plain' },
      { accept: 'text/plain;q=0.2, */*;q=0.9', format: 'text/plain' },
      { accept: 'application/json, text/plain, */*', format: 'application/json' },
      { accept: 'application/json;q=0.4, text/plain;q=0.5', format: 'text/plain' },
      { accept: 'application/json;q=0.5, text/plain;q=0.4', format: 'application/json' },
      { accept: 'text/plain, application/*', format: 'application/json' },
      { accept: 'text/plain, application/*;q=0.5', format: 'text/plain' },
      { accept: 'text/*', format: 'application/json' },
      { accept: 'text/html, application/xhtml+xml, */*;q=0.8', format: 'application/json' },
      { accept: 'text/plain;q=0', format: 'application/json' },
      { accept: 'image/png', format: 'application/json' },
      { accept: ';;,q=,', format: 'application/json' },
    ])('answers $format for Accept: $accept', async ({ accept, format }) => {
      const answer = await host.getAsUser('/nudge/token', accept === undefined ? {} : { accept });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, `${format}; charset=utf-8`]);
    });

    it.each([
      '?format=xml',
      '?format=',
      '?format=TEXT',
      '?format=json&format=text',
      '?format=text&format=text',
      '?expiryMins=60',
      '?expiryMins',
      '?a=b&extId=ada',
      '?format=text&extId=',
    ])('refuses %s with 400, as JSON', async (query) => {
      const answer = await host.getAsUser(`/nudge/token${query}`, { accept: 'text/plain' });

      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.json()).toEqual({
        statusCode: 400,
        code: 'NUDGE_INVALID_REQUEST',
        message: expect.stringMatching(/^The parameter (format|expiryMins|extId) /),
      });
      expect(answer.headers['nudge-auth-error']).toBe('NUDGE_INVALID_REQUEST');
      expect(answer.headers).not.toHaveProperty('retry-after');
      expectUncacheable(answer);
      expect(nudge.requests).toEqual([]);
    });

    it('ignores parameters that it does not know', async () => {
      const answer = await host.getAsUser('/nudge/token?utm_source=mail&Format=text&expirymins=5&extId[]=x');
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
    });

    it('forbids caching of every answer, and keeps the Vary header of CORS', async () => {
      const origin = 'https://shop.example';
      const answers = [
        await host.getAsUser('/nudge/token', { origin }),
        await host.getAsUser('/nudge/token?format=text', { origin }),
        await host.getAsUser('/nudge/token?format=xml', { origin }),
        await host.get('/nudge/token', { origin }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 401]);
      for (const answer of answers) {
        // An answer of the host's own guard keeps the host's headers.
        if (hasOurHeaders || answer.status !== 401) expectUncacheable(answer);
        expect(varyOf(answer)).toContain('Origin');
        expect(answer.headers['access-control-allow-origin']).toBe(origin);
      }
    });

    it('refuses callers who are not signed in with 401 and WWW-Authenticate', async () => {
      const expired = await userJwt({ sub: 'ada' }, { expiresIn: '-1m' });
      const forged = await userJwt({ sub: 'ada' }, { secret: 'another-owners-fake-secret-0123456789' });
      for (const authorization of [undefined, `Bearer ${expired}`, `Bearer ${forged}`, 'Basic YWRhOng=']) {
        const answer = await host.get('/nudge/token', authorization === undefined ? {} : { authorization });
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([
          401,
          hasOurHeaders ? 'Bearer' : undefined,
        ]);
        expect(answer.json()).toEqual({ message: 'Unauthorized', statusCode: 401 });
        if (hasOurHeaders) expectUncacheable(answer);
      }
      expect(nudge.requests).toEqual([]);
    });

    it('answers HEAD with the headers only', async () => {
      const authorization = `Bearer ${await userJwt()}`;
      const answer = await host.head('/nudge/token', { authorization });
      expect([answer.status, answer.text]).toEqual([200, '']);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expectUncacheable(answer);
      expect((await host.head('/nudge/token')).status).toBe(401);
    });
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

  describe('with userJwt', () => {
    const hosts: Host[] = [];

    async function hostWith(userJwtOptions: unknown): Promise<Host> {
      const host = await Host.start(platform, {
        nudge: { apiKey: API_KEY, baseUrl: nudge.url, userJwt: userJwtOptions as never },
        modules: [],
      });
      hosts.push(host);
      return host;
    }

    async function statusFor(host: Host, authorization: string | undefined): Promise<number> {
      const answer = await host.get('/nudge/token', authorization === undefined ? {} : { authorization });
      if (answer.status === 401) {
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expectUncacheable(answer);
      }
      return answer.status;
    }

    afterEach(async () => {
      await Promise.all(hosts.splice(0).map((host) => host.close()));
    });

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

  it('closes with the application', async () => {
    const host = await Host.start(platform, { nudge: { apiKey: API_KEY, baseUrl: nudge.url } });
    await host.close();
    await expect(httpGet(`${host.url}/nudge/token`)).rejects.toThrow('ECONNREFUSED');
  });
});
