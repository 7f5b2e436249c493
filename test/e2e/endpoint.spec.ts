import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthGuard } from '@nestjs/passport';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host, httpGet } from '../support/host.js';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { PLATFORMS } from '../support/platforms.js';
import { USER_SECRET, userJwt } from '../support/users.js';

import { expectUncacheable, varyOf } from './support/uncacheable.js';

const API_KEY = 'obviously-fake-private-key-for-endpoint-tests';

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

  it('closes with the application', async () => {
    const host = await Host.start(platform, { nudge: { apiKey: API_KEY, baseUrl: nudge.url } });
    await host.close();
    await expect(httpGet(`${host.url}/nudge/token`)).rejects.toThrow('ECONNREFUSED');
  });
});
