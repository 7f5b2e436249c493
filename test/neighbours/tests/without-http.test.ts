// beside: @nestjs/schedule
import { API_KEY, startNudge } from '../support/environment.js';
import { NestFactory } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { CampaignJob, JobsModule } from '../snippets/jobs.js';
import { handler, onShutdown } from '../snippets/serverless.js';

const HOUR_MS = 3_600_000;

describe('without HTTP', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  beforeEach(() => nudge.reset());
  after(() => nudge.stop());

  it('gives a scheduled job a token, without a route, a guard or a strategy', async () => {
    const app = await NestFactory.createApplicationContext(JobsModule, {
      logger: false,
      abortOnError: false,
    });
    try {
      assert.equal(nudge.counters.received, 0);
      // fireOnTick does not wait for the job.
      await app.get(SchedulerRegistry).getCronJob('campaign').fireOnTick();
      await nudge.untilReceived(1);
      assert.match(await app.get(CampaignJob).run(), /^sent with a token of \d+ characters$/);
      assert.equal(nudge.counters.received, 1);
    } finally {
      await app.close();
    }
  });

  it('lets a job leave its work to the next run after a retryable failure', async () => {
    const app = await NestFactory.createApplicationContext(JobsModule, {
      logger: false,
      abortOnError: false,
    });
    try {
      nudge.setFault({ kind: 'rate-limit' });
      assert.equal(await app.get(CampaignJob).run(), 'left to the next run');
    } finally {
      await app.close();
    }
  });

  it('gives no token after the application is closed', async () => {
    const app = await NestFactory.createApplicationContext(JobsModule, {
      logger: false,
      abortOnError: false,
    });
    const tokens = app.get(NudgeTokenService, { strict: false });
    await app.close();
    await assert.rejects(tokens.getToken());
  });

  describe('in the instance of a function', () => {
    after(onShutdown);

    it('keeps a failed boot for ever if its promise is kept (the trap), but boots again with the page’s code', async () => {
      delete process.env['NUDGE_API_KEY'];
      let kept: Promise<unknown> | undefined;
      const careless = async (): Promise<unknown> => {
        kept ??= NestFactory.createApplicationContext(JobsModule, { logger: false, abortOnError: false });
        return kept;
      };
      await assert.rejects(careless(), /apiKey: is missing/);
      await assert.rejects(handler(), /apiKey: is missing/);
      process.env['NUDGE_API_KEY'] = API_KEY;
      await assert.rejects(careless(), /apiKey: is missing/);
      assert.match(await handler(), /^sent/);
      // The next call of the instance uses the token that it holds.
      assert.match(await handler(), /^sent/);
      assert.equal(nudge.counters.received, 1);
    });

    it('renews the token in a call after an instance was frozen for longer than the life of the token', async () => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() });
      try {
        await handler();
        const callsBefore = nudge.counters.received;
        // A platform that freezes an instance lets its clock go on, but runs none of its timers.
        mock.timers.setTime(Date.now() + 2 * HOUR_MS);
        assert.match(await handler(), /^sent/);
        assert.equal(nudge.counters.received, callsBefore + 1);
      } finally {
        mock.timers.reset();
      }
    });
  });
});
