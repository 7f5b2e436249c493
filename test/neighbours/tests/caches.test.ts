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

/** A module in user scope with an interceptor that caches every GET by its URL. */
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

let timesCalled = 0;

@Controller('catalogue')
class CatalogueController {
  @Get()
  catalogue(): object {
    timesCalled += 1;
    return { timesCalled };
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

      it('gives Bob the token of Ada with passthrough and a global CacheInterceptor (the trap)', async () => {
        await using served = await start(cachedModule(true));
        const ofAda = await tokenOf(served, 'ada');
        assert.equal(await tokenOf(served, 'bob'), ofAda);
      });

      it('gives each user a separate token by default, with the same interceptor', async () => {
        await using served = await start(cachedModule(false));
        const ofAda = await tokenOf(served, 'ada');
        assert.notEqual(await tokenOf(served, 'bob'), ofAda);
        assert.equal(await tokenOf(served, 'ada'), ofAda);
      });

      it('caches other routes but not this one with an interceptor that leaves it out', async () => {
        await using served = await start(AppModule);
        const textOf = async (path: string, user?: string): Promise<string> =>
          (await served.get(path, user === undefined ? {} : bearer(user))).text();
        assert.equal(await textOf('/catalogue'), await textOf('/catalogue'));
        await textOf('/nudge/token', 'ada');
        const anonymous = await served.get('/nudge/token');
        assert.equal(anonymous.status, 401);
        const drawn = await Promise.all(Array.from({ length: 20 }, () => textOf('/nudge/token', 'ada')));
        assert.ok(
          new Set(drawn).size > 1,
          'refreshIn is random in each answer, so a cached answer would not change',
        );
      });
    });
  }
});
