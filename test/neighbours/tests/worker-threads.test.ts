// beside: @nestjs/core, ioredis
import { startNudge } from '../support/environment.js';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CampaignThreads } from '../snippets/worker-threads.js';
import { startRedis } from '../support/redis-server.js';

const APPLICATION_THREAD = new URL('../support/application-thread.js', import.meta.url);

@Module({
  imports: [NudgeAuthModule.forRootAsync({ ...nudgeAuthConfig.asProvider(), endpoint: false })],
  providers: [CampaignThreads],
})
class MainModule {}

/** The tokens of two threads that have an application context each. */
function tokensOfTwoApplications(workerData: { redisUrl?: string }): Promise<unknown[]> {
  const tokens = Array.from({ length: 2 }, async () => {
    const thread = new Worker(APPLICATION_THREAD, { workerData });
    const ended = once(thread, 'exit');
    const [token] = (await once(thread, 'message')) as unknown[];
    assert.deepEqual(await ended, [0]);
    return token;
  });
  return Promise.all(tokens);
}

describe('worker threads', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  beforeEach(() => nudge.reset());
  after(() => nudge.stop());

  describe('that ask the main thread', () => {
    let app: INestApplicationContext;
    let threads: CampaignThreads;
    beforeEach(async () => {
      app = await NestFactory.createApplicationContext(MainModule, { logger: false, abortOnError: false });
      threads = app.get(CampaignThreads);
    });

    it('share one token, and get the next one after an invalidation', async () => {
      try {
        const reports = await Promise.all(['spring', 'summer'].map((campaign) => threads.run(campaign)));
        assert.match(reports.join('\n'), /^spring: sent, token of \d+ characters\nsummer: sent, .+$/);
        assert.equal(nudge.counters.received, 1);
        await app.get(NudgeTokenService, { strict: false }).invalidate();
        await threads.run('autumn');
        assert.equal(nudge.counters.received, 2);
      } finally {
        await app.close();
      }
    });

    it('read the code of a failure, which an error that is posted loses (the trap)', async () => {
      nudge.setFault({ kind: 'rate-limit' });
      try {
        await assert.rejects(threads.run('winter'), /No token for "winter": NUDGE_RATE_LIMITED/);
        const failure: unknown = await app
          .get(NudgeTokenService, { strict: false })
          .getToken()
          .catch((error: unknown) => error);
        assert.equal((failure as { code: string }).code, 'NUDGE_RATE_LIMITED');
        assert.equal('code' in (structuredClone(failure) as object), false);
      } finally {
        await app.close();
      }
    });

    it('get no token after the application is closed', async () => {
      await app.close();
      await assert.rejects(threads.run('winter'), /No token for "winter": /);
      assert.equal(nudge.counters.received, 0);
    });
  });

  it('call Nudge once each if each has an application without a store (the trap)', async () => {
    await tokensOfTwoApplications({});
    assert.equal(nudge.counters.received, 2);
  });

  it('call Nudge once together if their applications share a store', async () => {
    const redis = await startRedis();
    try {
      const [one, other] = await tokensOfTwoApplications({ redisUrl: redis.url });
      assert.equal(one, other);
      assert.equal(nudge.counters.received, 1);
    } finally {
      await redis.stop();
    }
  });
});
