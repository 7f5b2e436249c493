// beside: nestjs-pino, pino, pino-http
import { API_KEY, startNudge, userJwt } from '../support/environment.js';
import { Module } from '@nestjs/common';
import { LoggerModule, Logger } from 'nestjs-pino';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loggedApplication } from '../snippets/logging.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { PLATFORMS, Served } from '../support/served.js';

const COOKIE = 'session=obviously-fake-session';

describe('nestjs-pino', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      /** The log lines of a request for a token, with the token and the JWT that must not be in them. */
      async function written(module: (stream: { write(line: string): void }) => new () => object) {
        const lines: string[] = [];
        const jwt = userJwt();
        await using served = await Served.start(platform, module({ write: (line) => lines.push(line) }), {
          beside: [HostAuthModule],
          configure: (app) => app.useLogger(app.get(Logger)),
        });
        const answer = await served.get('/nudge/token', { authorization: `Bearer ${jwt}`, cookie: COOKIE });
        const { token } = (await answer.json()) as { token: string };
        return { text: lines.join(''), jwt, token };
      }

      it('logs the credentials of a request by default (the trap)', async () => {
        const { text, jwt } = await written((stream) => {
          @Module({
            imports: [
              LoggerModule.forRoot({ pinoHttp: [{}, stream] }),
              NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
            ],
          })
          class CarelessModule {}
          return CarelessModule;
        });
        assert.ok(text.includes(jwt));
      });

      it('logs no JWT, cookie, token or key if these paths are redacted', async () => {
        const { text, jwt, token } = await written(loggedApplication);
        assert.match(text, /request completed/);
        for (const secret of [jwt, COOKIE, token, API_KEY]) assert.ok(!text.includes(secret));
      });
    });
  }
});
