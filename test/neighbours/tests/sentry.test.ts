// beside: @sentry/nestjs
import { startSentry } from '../snippets/sentry-instrument.js';
import { API_KEY, bearer, startNudge } from '../support/environment.js';
import { Controller, Get, Headers, Module } from '@nestjs/common';
import { APP_FILTER, ModuleRef } from '@nestjs/core';
import * as Sentry from '@sentry/nestjs';
import { SentryGlobalFilter } from '@sentry/nestjs/setup';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { AppModule } from '../snippets/sentry.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { PLATFORMS, Served } from '../support/served.js';
import { eventsIn, recordingOptions } from '../support/sentry.js';

const USER = 'ada-of-sentry';
const envelopes: string[] = [];
const options = recordingOptions(envelopes);

@Controller('campaigns')
class CampaignController {
  constructor(private readonly modules: ModuleRef) {}

  /** Answers with the user of Sentry's scope, after the wait for a token. */
  @Get()
  async send(@Headers('x-user') user: string): Promise<string> {
    Sentry.setUser({ id: user });
    await this.modules.get(NudgeTokenService, { strict: false }).getToken({ extId: 'shared-by-all' });
    return String(Sentry.getIsolationScope().getUser()?.id);
  }
}

@Module({ controllers: [CampaignController] })
class CampaignModule {}

/** The trap: only Sentry's filter. */
@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      useFactory: () => ({
        ...nudgeAuthConfig(),
        scope: 'user' as const,
        extId: ({ id }: { id: string }) => id,
      }),
    }),
  ],
  providers: [{ provide: APP_FILTER, useClass: SentryGlobalFilter }],
})
class CarelessModule {}

describe('Sentry', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  beforeEach(() => {
    nudge.reset();
    Sentry.getIsolationScope().clear();
    envelopes.length = 0;
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      const start = (module: typeof AppModule | typeof CarelessModule): Promise<Served> =>
        Served.start(platform, module, { beside: [HostAuthModule, CampaignModule] });

      const ask = async (served: Served, users: string[], path = '/campaigns'): Promise<unknown[]> =>
        Promise.all(
          users.map(async (user) => {
            const answer = await served.get(path, { ...bearer(user), 'x-user': user });
            return answer.ok ? answer.text() : answer.status;
          }),
        );

      /** What Sentry gets for one token of the endpoint. */
      async function recorded(): Promise<string> {
        await using served = await start(AppModule);
        assert.equal((await served.get('/nudge/token', bearer(USER))).status, 200);
        await Sentry.flush();
        return envelopes.join('\n');
      }

      describe('with its defaults', () => {
        before(() => Sentry.init(options));

        it("records the user's extId and JWT (the trap)", async () => {
          const text = await recorded();
          assert.ok(text.includes(`extId=${USER}`));
          assert.match(text, /"authorization":"Bearer eyJ/);
        });

        it("copies the user's extId into the reports of other users' requests (the trap)", async () => {
          await recorded();
          Sentry.withIsolationScope(() => Sentry.captureMessage('In a later request'));
          const [event] = await eventsIn(envelopes, 'event');
          assert.ok(JSON.stringify(event?.breadcrumbs).includes(`extId=${USER}`));
        });

        it('reports nothing while the endpoint answers 503, if only its filter watches (the trap)', async () => {
          nudge.setFault({ kind: 'status', status: 401 });
          await using served = await start(CarelessModule);
          assert.deepEqual(await ask(served, [USER], '/nudge/token'), [503]);
          assert.deepEqual(await eventsIn(envelopes, 'event'), []);
        });

        it("reports a failure that all callers share with one caller's name, if the host's route throws it (the trap)", async () => {
          nudge.setFault({ kind: 'status', status: 401 });
          await using served = await start(CarelessModule);
          assert.deepEqual(await ask(served, ['ada', 'bob', 'eve']), [500, 500, 500]);
          const events = await eventsIn(envelopes, 'event');
          assert.equal(events.length, 1);
          assert.ok(['ada', 'bob', 'eve'].includes(String(events[0]?.user?.id)));
        });
      });

      describe("with the page's set-up", () => {
        before(() => startSentry(options));

        it('records neither extId nor JWT nor token nor key', async () => {
          const text = await recorded();
          assert.match(text, /extId=\[Filtered\]/);
          for (const secret of [USER, API_KEY, 'eyJ']) assert.ok(!text.includes(secret), secret);
        });

        it('reports a failed renewal once, however many callers wait for it', async () => {
          nudge.setFault({ kind: 'status', status: 401 });
          await using served = await start(AppModule);
          assert.deepEqual(await ask(served, ['ada', 'bob', 'eve']), [503, 503, 503]);
          const events = await eventsIn(envelopes, 'event');
          assert.deepEqual(
            events.map(({ message }) => message),
            ['Nudge gives no token: NUDGE_CREDENTIALS_REJECTED'],
          );
          assert.deepEqual([events[0]?.user, events[0]?.request], [undefined, undefined]);
        });

        it('keeps each caller in its own scope, and the renewal in none of them', async () => {
          await using served = await start(AppModule);
          assert.deepEqual(await ask(served, ['ada', 'bob']), ['ada', 'bob']);
          const transactions = await eventsIn(envelopes, 'transaction');
          const [renewal, ...others] = transactions.filter((each) => each.transaction === 'nudge_auth.renew');
          assert.deepEqual(others, []);
          assert.ok(renewal);
          assert.deepEqual([renewal.user, renewal.request], [undefined, undefined]);
        });
      });
    });
  }
});
