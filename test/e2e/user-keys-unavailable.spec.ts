import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseFilters, UseGuards } from '@nestjs/common';
import { NudgeAuthExceptionFilter, NudgeTokenService, NudgeUserGuard } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import type { RequestListener } from 'node:http';
import type { HttpResult } from '../support/host.js';
import { HttpStub, unreachableOrigin } from '../support/http-stub.js';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, userJwt } from '../support/users.js';
import { expectFailure, FAILING_KEY, failingHosts } from './support/failures.js';

describe.each(PLATFORMS)('failures on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = failingHosts(platform, () => nudge.url);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [FAILING_KEY] });
  });

  afterEach(() => nudge.reset());

  afterAll(() => nudge.stop());

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

    it('gives users of the host’s own routes a Retry-After if the exported filter is used', async () => {
      @Controller('filtered')
      @UseGuards(NudgeUserGuard)
      @UseFilters(NudgeAuthExceptionFilter)
      class FilteredController {
        @Get()
        get(): string {
          return 'secret profile';
        }
      }
      const host = await start(
        { userJwt: { jwksUri: await unreachableOrigin(), algorithms: ['RS256'] } },
        { modules: [], controllers: [FilteredController] },
      );
      const jwt = await userJwt({ sub: 'ada' }, { key: pair.privateKey, algorithm: 'RS256', kid: 'one' });
      const answer = await host.get('/filtered', { authorization: `Bearer ${jwt}` });
      expect([answer.status, answer.headers]).toEqual([
        503,
        expect.objectContaining({
          'nudge-auth-error': 'USER_KEYS_UNAVAILABLE',
          'retry-after': expect.stringMatching(/^\d+$/),
          'cache-control': 'private, no-store',
        }),
      ]);
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
