// beside: @nestjs/cache-manager, cache-manager, keyv
import { bearer, startNudge } from '../support/environment.js';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AppModule } from '../snippets/cached-application.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { PLATFORMS, Served, type Platform } from '../support/served.js';

/** A token for each user, under an interceptor that caches every GET by its URL. */
function cachedModule(passthrough: boolean): Type {
  @Module({
    imports: [
      CacheModule.register({ ttl: 60_000 }),
      NudgeAuthModule.forRootAsync({
        useFactory: () => ({
          ...nudgeAuthConfig(),
          scope: 'user' as const,
          extId: ({ id }: { id: string }) => id,
        }),
        endpoint: { passthrough },
      }),
    ],
    providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }],
  })
  class CachedModule {}
  return CachedModule;
}

let timesAsked = 0;

@Controller('catalogue')
class CatalogueController {
  @Get()
  catalogue(): object {
    timesAsked += 1;
    return { timesAsked };
  }
}

@Module({ controllers: [CatalogueController] })
class CatalogueModule {}

describe('caches', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  after(() => nudge.stop());

  async function tokenOf(served: Served, user: string): Promise<string> {
    const answer = await served.get('/nudge/token', bearer(user));
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { token: string }).token;
  }

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      const start = (module: Type, on: Platform = platform): Promise<Served> =>
        Served.start(on, module, { beside: [HostAuthModule, CatalogueModule] });

      it('hands Bob the token of Ada with passthrough under a global CacheInterceptor (the trap)', async () => {
        await using served = await start(cachedModule(true));
        const ofAda = await tokenOf(served, 'ada');
        assert.equal(await tokenOf(served, 'bob'), ofAda);
      });

      it('gives each user a token of their own by default, under the same interceptor', async () => {
        await using served = await start(cachedModule(false));
        const ofAda = await tokenOf(served, 'ada');
        assert.notEqual(await tokenOf(served, 'bob'), ofAda);
        assert.equal(await tokenOf(served, 'ada'), ofAda);
      });

      it('keeps nothing of the route with an interceptor that leaves it out, and still caches the others', async () => {
        await using served = await start(AppModule);
        const asked = async (path: string, user?: string): Promise<string> =>
          (await served.get(path, user === undefined ? {} : bearer(user))).text();
        assert.equal(await asked('/catalogue'), await asked('/catalogue'));
        await asked('/nudge/token', 'ada');
        const stranger = await served.get('/nudge/token');
        assert.equal(stranger.status, 401);
        const drawn = await Promise.all(Array.from({ length: 20 }, () => asked('/nudge/token', 'ada')));
        assert.ok(new Set(drawn).size > 1, 'refreshIn is drawn for each answer: a kept one would not change');
      });
    });
  }
});
