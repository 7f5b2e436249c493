import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { NudgeAuthModule, NudgeUserGuard } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { createSecretKey, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Host, HostSettings, HttpResult } from '../support/host.js';
import { HttpStub } from '../support/http-stub.js';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, USER_SECRET, userJwt } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';

const API_KEY = 'obviously-fake-private-key-for-remembered-jwts';
const OTHER_SECRET = 'another-obviously-fake-user-secret-0123456789';

@Controller('me')
class MeController {
  @Get()
  @UseGuards(NudgeUserGuard)
  me(@Req() request: { user: { visits?: number } }): object {
    request.user.visits = (request.user.visits ?? 0) + 1;
    return request.user;
  }
}

describe.each(PLATFORMS)('remembered JWTs on %s', (platform) => {
  let nudge: NudgeEmulator;
  const startHost = hostsForEachTest(platform);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  afterAll(() => nudge.stop());

  const start = (userJwtOptions: object, settings: HostSettings = {}): Promise<Host> =>
    startHost({
      nudge: { apiKey: API_KEY, baseUrl: nudge.url, userJwt: userJwtOptions as never },
      modules: [],
      ...settings,
    });

  async function statusOf(host: Host, jwt: string, path = '/nudge/token'): Promise<number> {
    return (await host.get(path, { authorization: `Bearer ${jwt}` })).status;
  }

  it('end in the second in which the JWT expires', async () => {
    const clock = new ManualClock(Date.now());
    const expiresAt = new Date(clock.now().wallMs + 60_000);
    const host = await start(
      { secret: USER_SECRET, algorithms: ['HS256'], rememberForMs: 300_000 },
      { clock },
    );
    const jwt = await userJwt({ sub: 'ada' }, { expiresIn: expiresAt });
    expect(await statusOf(host, jwt)).toBe(200);
    clock.advance(50_000);
    expect(await statusOf(host, jwt)).toBe(200);
    clock.advance(11_000);
    expect(await statusOf(host, jwt)).toBe(401);
  });

  it('are forgotten with the secret that verified them', async () => {
    const jwt = await userJwt();
    const former = await start({ secret: createSecretKey(Buffer.from(USER_SECRET)), algorithms: ['HS256'] });
    expect([await statusOf(former, jwt), await statusOf(former, jwt)]).toEqual([200, 200]);
    await former.close();
    const latter = await start({ secret: OTHER_SECRET, algorithms: ['HS256'] });
    expect(await statusOf(latter, jwt)).toBe(401);
  });

  it('are not shared between registrations', async () => {
    const register = (name: string, secret: string): HostSettings['modules'] => [
      NudgeAuthModule.forRoot({
        apiKey: API_KEY,
        baseUrl: nudge.url,
        name,
        userJwt: { secret, algorithms: ['HS256'] },
      }),
    ];
    const host = await startHost({
      modules: [...(register('one', USER_SECRET) ?? []), ...(register('two', OTHER_SECRET) ?? [])],
    });
    const [one, two] = [await userJwt(), await userJwt({ sub: 'ada' }, { secret: OTHER_SECRET })];
    for (let round = 0; round < 2; round += 1) {
      expect(await statusOf(host, one, '/nudge/one/token')).toBe(200);
      expect(await statusOf(host, two, '/nudge/two/token')).toBe(200);
      expect(await statusOf(host, one, '/nudge/two/token')).toBe(401);
      expect(await statusOf(host, two, '/nudge/one/token')).toBe(401);
    }
  });

  it('give every request a new object of claims, on the host’s routes too', async () => {
    const host = await start({ secret: USER_SECRET, algorithms: ['HS256'] }, { controllers: [MeController] });
    const jwt = await userJwt({ sub: 'ada', roles: ['user'] });
    for (let round = 0; round < 3; round += 1) {
      const answer = await host.get('/me', { authorization: `Bearer ${jwt}` });
      expect(answer.json()).toMatchObject({ sub: 'ada', roles: ['user'], visits: 1 });
    }
  });

  it('do not match a JWT that differs by one character', async () => {
    const host = await start({ secret: USER_SECRET, algorithms: ['HS256'] });
    const jwt = await userJwt({ sub: 'ada' });
    expect(await statusOf(host, jwt)).toBe(200);
    for (let at = 0; at < jwt.length - 1; at += 7) {
      if (jwt[at] === '.') continue;
      const changed = jwt.slice(0, at) + (jwt[at] === 'A' ? 'B' : 'A') + jwt.slice(at + 1);
      expect([at, await statusOf(host, changed)]).toEqual([at, 401]);
    }
    expect(await statusOf(host, jwt)).toBe(200);
  });

  describe('with the keys of an issuer', () => {
    const pair = rsaKeyPair();
    const jwks = JSON.stringify({ keys: [{ ...pair.publicJwk, kid: 'one', use: 'sig' }] });
    const sign = (kid: string): Promise<string> =>
      userJwt({ sub: 'ada' }, { key: pair.privateKey, algorithm: 'RS256', kid });

    async function issuerWith(listener: RequestListener): Promise<HttpStub & { fetches: () => number }> {
      let fetches = 0;
      const stub = await HttpStub.start((request, response) => {
        fetches += 1;
        listener(request, response);
      });
      return Object.assign(stub, { fetches: () => fetches });
    }

    it.each([
      { is: 'down', fail: ((_request, response) => response.destroy()) as RequestListener },
      {
        is: 'answering 429',
        fail: ((_request, response) =>
          response.writeHead(429, { 'retry-after': '1' }).end()) as RequestListener,
      },
    ])('users are accepted for an hour by the last good keys while the issuer is $is', async ({ fail }) => {
      const clock = new ManualClock(Date.now());
      let isUp = true;
      await using issuer = await issuerWith((request, response) =>
        isUp ? response.end(jwks) : fail(request, response),
      );
      const host = await start({ jwksUri: issuer.origin, algorithms: ['RS256'] }, { clock });
      const jwt = await userJwt(
        { sub: 'ada' },
        { key: pair.privateKey, algorithm: 'RS256', kid: 'one', expiresIn: '8h' },
      );
      expect(await statusOf(host, jwt)).toBe(200);
      isUp = false;
      clock.advance(59 * 60_000);
      expect(await statusOf(host, jwt)).toBe(200);
      clock.advance(60_000);
      const late = await host.get('/nudge/token', { authorization: `Bearer ${jwt}` });
      expect([late.status, late.json()['code']]).toEqual([503, 'USER_KEYS_UNAVAILABLE']);
    });

    it('a slow issuer delays no user with a known key, even if 100 users with unknown kids wait', async () => {
      const clock = new ManualClock(Date.now());
      const held: (() => void)[] = [];
      let isSlow = false;
      await using issuer = await issuerWith((_request, response) => {
        if (isSlow) held.push(() => response.end(jwks));
        else response.end(jwks);
      });
      const host = await start(
        { jwksUri: issuer.origin, algorithms: ['RS256'], rememberForMs: 0 },
        { clock },
      );
      const known = await sign('one');
      expect(await statusOf(host, known)).toBe(200);
      clock.advance(30_000);
      isSlow = true;
      const withUnknownKids = Array.from({ length: 100 }, async () =>
        statusOf(host, await sign(randomBytes(8).toString('hex'))),
      );
      while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(await statusOf(host, known)).toBe(200);
      for (const release of held) release();
      // Only the kid that caused the fetch was seen before it began. The other kids may belong to newer keys.
      expect((await Promise.all(withUnknownKids)).filter((status) => status !== 503)).toEqual([401]);
      expect(issuer.fetches()).toBe(2);
    });

    /** The answer for a user with a verified JWT, ten minutes after the issuer has begun to answer like this. */
    async function answerAfter(answer: string): Promise<HttpResult> {
      const clock = new ManualClock(Date.now());
      let published = jwks;
      await using issuer = await issuerWith((_request, response) => response.end(published));
      const host = await start({ jwksUri: issuer.origin, algorithms: ['RS256'] }, { clock });
      const jwt = await userJwt(
        { sub: 'ada' },
        { key: pair.privateKey, algorithm: 'RS256', kid: 'one', expiresIn: '8h' },
      );
      expect(await statusOf(host, jwt)).toBe(200);
      published = answer;
      clock.advance(10 * 60_000);
      // Awaited here, because the issuer stops when this function returns.
      return await host.get('/nudge/token', { authorization: `Bearer ${jwt}` });
    }

    it.each([
      { is: 'no key', keys: [] },
      { is: 'no usable key', keys: [null, 'key', { kty: 'oct', k: 'AAAA' }, { kty: 'RSA', use: 'enc' }] },
    ])('a list with $is withdraws all keys', async ({ keys }) => {
      const late = await answerAfter(JSON.stringify({ keys }));
      // It is not the users' fault, and a 401 would log all of them out.
      expect([late.status, late.json()['code']]).toEqual([503, 'USER_KEYS_UNAVAILABLE']);
    });

    it.each(['{}', '[]', 'null', '{"keys":{}}', 'not JSON'])(
      'an answer such as %s withdraws no key',
      async (answer) => {
        expect((await answerAfter(answer)).status).toBe(200);
      },
    );

    it('a withdrawn key is trusted for at most ten minutes', async () => {
      const clock = new ManualClock(Date.now());
      const other = rsaKeyPair();
      let published = jwks;
      await using issuer = await issuerWith((_request, response) => response.end(published));
      const host = await start(
        { jwksUri: issuer.origin, algorithms: ['RS256'], rememberForMs: 300_000 },
        { clock },
      );
      const jwt = await sign('one');
      expect(await statusOf(host, jwt)).toBe(200);
      published = JSON.stringify({ keys: [{ ...other.publicJwk, kid: 'two', use: 'sig' }] });
      clock.advance(10 * 60_000);
      expect(await statusOf(host, jwt)).toBe(401);
    });
  });
});
