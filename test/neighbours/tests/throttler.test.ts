// beside: @nestjs/throttler, @nest-lab/throttler-storage-redis, ioredis
import { bearer, startNudge } from '../support/environment.js';
import { Injectable, Module, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { createRefreshToken, type RefreshTokenEvent } from 'nestjs-nudge-auth/client';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AppModule as FleetModule } from '../snippets/throttler-redis.js';
import { AppModule } from '../snippets/throttler.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { startRedis } from '../support/redis-server.js';
import { PLATFORMS, Served, type Platform } from '../support/served.js';

const start = (platform: Platform, module: Type): Promise<Served> =>
  Served.start(platform, module, { beside: [HostAuthModule] });

async function statusesOf(times: number, ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < times; time += 1) statuses.push((await ask()).status);
  return statuses;
}

/** The trap: a global guard runs before the route's guards, so `user` is not set yet. */
@Injectable()
class EarlyUserThrottlerGuard extends ThrottlerGuard {
  protected override async getTracker({ user, ip }: { user?: { id: string }; ip: string }): Promise<string> {
    return user?.id ?? ip;
  }
}

@Module({
  imports: [
    ThrottlerModule.forRoot([{ ttl: seconds(60), limit: 1 }]),
    NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
  ],
  providers: [{ provide: APP_GUARD, useClass: EarlyUserThrottlerGuard }],
})
class TrapModule {}

describe('@nestjs/throttler', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      it('counts all users of one IP together if a global guard counts them (the trap)', async () => {
        await using served = await start(platform, TrapModule);
        assert.equal((await served.get('/nudge/token', bearer('ada'))).status, 200);
        assert.equal((await served.get('/nudge/token', bearer('bob'))).status, 429);
      });

      it('counts each user separately after the user guard', async () => {
        await using served = await start(platform, AppModule);
        const asAda = () => served.get('/nudge/token', bearer('ada'));
        assert.deepEqual(await statusesOf(5, asAda), [200, 200, 200, 200, 200]);
        const refusal = await asAda();
        assert.equal(refusal.status, 429);
        assert.equal(refusal.headers.get('retry-after-user'), '60');
        assert.equal(refusal.headers.get('retry-after'), null);
        assert.equal(refusal.headers.get('cache-control'), 'private, no-store');
        assert.equal((await served.get('/nudge/token', bearer('bob'))).status, 200);
      });

      it('counts each registration separately', async () => {
        await using served = await start(platform, AppModule);
        await statusesOf(6, () => served.get('/nudge/token', bearer('ada')));
        assert.equal((await served.get('/nudge/emea/token', bearer('ada'))).status, 200);
      });

      it('limits callers without a JWT by their IP', async () => {
        await using served = await start(platform, AppModule);
        const statuses = await statusesOf(101, () => served.get('/nudge/token'));
        assert.deepEqual([statuses[99], statuses[100]], [401, 429]);
      });

      it('makes the client wait as long as the Retry-After header of the named throttler says', async () => {
        await using served = await start(platform, AppModule);
        await statusesOf(5, () => served.get('/nudge/token', bearer('ada')));
        const events: RefreshTokenEvent[] = [];
        const refreshToken = createRefreshToken({
          endpoint: `${served.url}/nudge/token`,
          headers: bearer('ada'),
          onEvent: (event) => events.push(event),
        });
        assert.equal(await refreshToken(), null);
        refreshToken.stop();
        assert.deepEqual(events, [{ type: 'status', status: 429, pauseMs: 60_000 }]);
      });
    });
  }

  it('counts for the whole fleet with its storage in Redis', async () => {
    const redis = await startRedis();
    process.env['REDIS_URL'] = redis.url;
    const pods = [await start('express', FleetModule), await start('fastify', FleetModule)] as const;
    try {
      const asAda = (pod: Served) => pod.get('/nudge/token', bearer('ada'));
      assert.deepEqual(await statusesOf(5, () => asAda(pods[0])), [200, 200, 200, 200, 200]);
      assert.equal((await asAda(pods[1])).status, 429);
    } finally {
      await Promise.all(pods.map((pod) => pod.close()));
      await redis.stop();
    }
  });
});
