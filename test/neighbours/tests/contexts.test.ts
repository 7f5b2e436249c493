// beside: nestjs-cls, nestjs-pino, pino
import { API_KEY, startNudge } from '../support/environment.js';
import { Controller, Get, Module } from '@nestjs/common';
import { ClsModule, ClsServiceManager } from 'nestjs-cls';
import { Logger } from 'nestjs-pino';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { applicationWithContexts } from '../snippets/contexts.js';
import { PLATFORMS, Served } from '../support/served.js';

interface Line {
  readonly msg?: string;
  readonly user?: string;
  readonly nudge?: { readonly token: string };
}

/** For all applications: outside a request, nestjs-pino writes to the stream of the first one in the process. */
const lines: string[] = [];
const cls = ClsServiceManager.getClsService();

@Controller('campaigns')
class CampaignController {
  constructor(private readonly tokens: NudgeTokenService) {}

  @Get()
  async send(): Promise<number> {
    return (await this.tokens.getToken()).token.length;
  }
}

/** The trap: the function reads the request's context, but a renewal belongs to no request. */
function keyFromContext(): string {
  return cls.isActive() ? API_KEY : '';
}

@Module({
  imports: [
    ClsModule.forRoot({ global: true, middleware: { mount: true } }),
    NudgeAuthModule.forRootAsync({
      endpoint: false,
      useFactory: () => ({ apiKey: keyFromContext, baseUrl: process.env['NUDGE_BASE_URL'] }),
    }),
  ],
  controllers: [CampaignController],
})
class TrapModule {}

describe('nestjs-cls', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  beforeEach(() => nudge.reset());
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      it('gives an apiKey function no context of a request (the trap)', async () => {
        await using served = await Served.start(platform, TrapModule);
        assert.equal((await served.get('/campaigns')).status, 500);
        assert.equal(nudge.counters.received, 0);
      });

      describe("the page's application", () => {
        let served: Served;
        before(async () => {
          lines.length = 0;
          served = await Served.start(
            platform,
            applicationWithContexts({ write: (line) => lines.push(line) }),
            { configure: (app) => app.useLogger(app.get(Logger)) },
          );
        });
        after(() => served.close());

        it('keeps each caller in its own context, while two of them wait for one renewal', async () => {
          const answers = ['ada', 'bob'].map(async (user) =>
            (
              await served.get('/campaigns', { 'x-user': user, authorization: 'Bearer obviously-fake-jwt' })
            ).text(),
          );
          assert.deepEqual(await Promise.all(answers), ['ada', 'bob']);
          assert.equal(nudge.counters.received, 1);
        });

        it('names the user on the lines of the request, and no user on the lines of the renewal', () => {
          const parsed = lines.map((line) => JSON.parse(line) as Line);
          const usersOf = (text: string): (string | undefined)[] =>
            parsed.filter(({ msg }) => msg === text).map(({ user }) => user);
          assert.deepEqual(new Set(usersOf('The campaign is sent')), new Set(['ada', 'bob']));
          assert.deepEqual(usersOf('Nudge: renewal-started'), [undefined]);
          assert.deepEqual(usersOf('Nudge: renewed'), [undefined]);
        });

        it('logs no JWT, no token and no key', () => {
          const text = lines.join('');
          assert.match(text, /"token":"\[Redacted\]"/);
          for (const secret of ['obviously-fake-jwt', 'eyJ', API_KEY]) assert.ok(!text.includes(secret));
        });
      });
    });
  }
});
