// beside: helmet, compression, cookie-parser, @fastify/helmet, @fastify/compress, @fastify/cookie
import { API_KEY, bearer, startNudge, userJwt } from '../support/environment.js';
import fastifyCompress from '@fastify/compress';
import fastifyHelmet from '@fastify/helmet';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import helmet from 'helmet';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { AppModule } from '../snippets/cookies.js';
import { allowOrigin } from '../snippets/cross-origin.js';
import { launchBrowser, startSite } from '../support/browser.js';
import { parseCookies } from '../support/cookies.js';
import { PLATFORMS, Served, type Platform } from '../support/served.js';

const EVIL_ORIGIN = 'https://evil.example';

async function protect(platform: Platform, app: INestApplication): Promise<void> {
  if (platform === 'express') {
    app.use(helmet());
    app.use(compression({ threshold: 0 }));
    return;
  }
  const fastify = app as NestFastifyApplication;
  await fastify.register(fastifyHelmet as never);
  await fastify.register(fastifyCompress, { threshold: 0 });
}

/** What a page of an origin sees of one fetch. */
interface Seen {
  readonly status: number | 'blocked';
  readonly errorCode?: string | null;
  readonly pauseMs?: number;
}

describe('browsers', () => {
  let nudge: NudgeEmulator;
  let browser: Browser;
  let site: { server: Server; port: number };

  before(async () => {
    nudge = await startNudge();
    [browser, site] = await Promise.all([launchBrowser(), startSite()]);
  });

  after(async () => {
    await browser.close();
    site.server.close();
    await nudge.stop();
  });

  /** Runs one plain fetch and one call of the client in a page of the given origin. */
  async function seenFrom(origin: string, endpoint: string, cookie?: string): Promise<Seen> {
    const context = await browser.newContext();
    try {
      const { hostname } = new URL(endpoint);
      if (cookie !== undefined) {
        await context.addCookies([
          { name: 'session', value: cookie, domain: hostname, path: '/', httpOnly: true, sameSite: 'Lax' },
        ]);
      }
      const page = await context.newPage();
      await page.goto(origin);
      return await page.evaluate<Seen>(`(async () => {
        const endpoint = ${JSON.stringify(endpoint)};
        const { createRefreshToken } = await import('/client/index.js');
        let pauseMs;
        const onEvent = (event) => { pauseMs = event.pauseMs; };
        const refreshToken = createRefreshToken({ endpoint, credentials: 'include', onEvent });
        await refreshToken();
        refreshToken.stop();
        try {
          const { status, headers } = await fetch(endpoint, { credentials: 'include' });
          return { status, errorCode: headers.get('nudge-auth-error'), pauseMs };
        } catch {
          return { status: 'blocked', pauseMs };
        }
      })()`);
    } finally {
      await context.close();
    }
  }

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      // Another origin of the same site, because the port does not belong to the site.
      const shop = (): string => `http://127.0.0.1:${site.port}`;
      const start = (allow: (app: INestApplication) => void): Promise<Served> =>
        Served.start(platform, AppModule, {
          configure: async (app) => {
            allow(app);
            await parseCookies(platform, app);
          },
        });

      it('gives a token to a page of an allowed origin whose user has a cookie', async () => {
        await using served = await start((app) => allowOrigin(app, shop()));
        const seen = await seenFrom(shop(), `${served.url}/nudge/token`, userJwt());
        assert.deepEqual(seen, { status: 200, errorCode: null, pauseMs: 0 });
      });

      it('accepts a header or a cookie', async () => {
        await using served = await start((app) => allowOrigin(app, shop()));
        assert.equal((await served.get('/nudge/token', bearer())).status, 200);
        assert.equal((await served.get('/nudge/token', { cookie: `session=${userJwt()}` })).status, 200);
        assert.equal((await served.get('/nudge/token', { cookie: 'session=nonsense' })).status, 401);
      });

      it('hides the answer from a page of another site', async () => {
        await using served = await start((app) => allowOrigin(app, shop()));
        const evil = `http://localhost:${site.port}`;
        const seen = await seenFrom(evil, `${served.url}/nudge/token`, userJwt());
        assert.equal(seen.status, 'blocked');
      });

      it('lets every site read the answer if all origins are allowed with credentials (the trap)', async () => {
        const ask = (served: Served): Promise<Response> =>
          served.get('/nudge/token', { origin: EVIL_ORIGIN, cookie: `session=${userJwt()}` });
        await using open = await start((app) => app.enableCors({ origin: true, credentials: true }));
        assert.equal((await ask(open)).headers.get('access-control-allow-origin'), EVIL_ORIGIN);
        await using closed = await start((app) => allowOrigin(app, shop()));
        assert.notEqual((await ask(closed)).headers.get('access-control-allow-origin'), EVIL_ORIGIN);
      });

      it('shows Retry-After to the client only if CORS exposes it (the trap)', async () => {
        nudge.setApiKeys(['obviously-fake-key-of-another-account']);
        try {
          await using hidden = await start((app) => app.enableCors({ origin: [shop()], credentials: true }));
          const short = await seenFrom(shop(), `${hidden.url}/nudge/token`, userJwt());
          assert.equal(short.errorCode, null);
          assert.ok((short.pauseMs ?? 0) < 10_000, `${short.pauseMs}`);
          await using exposed = await start((app) => allowOrigin(app, shop()));
          const long = await seenFrom(shop(), `${exposed.url}/nudge/token`, userJwt());
          assert.equal(long.errorCode, 'NUDGE_CREDENTIALS_REJECTED');
          assert.ok((long.pauseMs ?? 0) >= 60_000, `${long.pauseMs}`);
        } finally {
          nudge.setApiKeys([API_KEY]);
        }
      });

      it('keeps the headers of helmet and of CORS in a compressed answer', async () => {
        await using served = await Served.start(platform, AppModule, {
          configure: async (app) => {
            allowOrigin(app, shop());
            await protect(platform, app);
            await parseCookies(platform, app);
          },
        });
        const { headers, ...answer } = await served
          .get('/nudge/token', { ...bearer(), origin: shop(), 'accept-encoding': 'gzip' })
          .then(async (response) => ({
            headers: response.headers,
            status: response.status,
            text: await response.text(),
          }));
        assert.equal(answer.status, 200);
        assert.equal(headers.get('content-encoding'), 'gzip');
        assert.equal(headers.get('access-control-allow-origin'), shop());
        assert.match(headers.get('vary') ?? '', /Origin.*Authorization, Accept, Cookie/);
        assert.match(headers.get('content-security-policy') ?? '', /default-src/);
        assert.equal(headers.get('cache-control'), 'private, no-store');
        assert.match(answer.text, /^\{"token":"eyJ/);
      });

      it('repeats no text of the request, so compression cannot leak the token', async () => {
        await using served = await start((app) => allowOrigin(app, shop()));
        const canary = 'chosen-by-an-attacker';
        const headers = {
          ...bearer(),
          'x-canary': canary,
          referer: `https://${canary}.example`,
          cookie: `other=${canary}`,
        };
        for (const query of [`?q=${canary}`, `?format=text&q=${canary}`]) {
          const answer = await served.get(`/nudge/token${query}`, headers);
          assert.equal(answer.status, 200);
          assert.ok(!(await answer.text()).includes(canary));
        }
      });
    });
  }
});
