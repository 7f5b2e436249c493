// beside: @nestjs/throttler
import { USER_JWT_SECRET, userJwt } from '../support/environment.js';
import { Injectable, Module, UseGuards, type Type } from '@nestjs/common';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PLATFORMS, Served } from '../support/served.js';

const KEYS = { acme: 'obviously-fake-key-of-acme', globex: 'obviously-fake-key-of-globex' };

/** The trap: users of two tenants can have the same id. */
@Injectable()
class UserThrottlerGuard extends ThrottlerGuard {
  protected override async getTracker({ user }: { user: { sub: string } }): Promise<string> {
    return user.sub;
  }
}

function trap(baseUrl: string): Type {
  @Module({
    imports: [
      ThrottlerModule.forRoot([{ ttl: seconds(60), limit: 5 }]),
      NudgeAuthModule.forRoot({
        baseUrl,
        tenants: {
          id: (user) => (user as { tenantId: string }).tenantId,
          config: (tenantId) => ({ apiKey: tenantId === 'acme' ? KEYS.acme : KEYS.globex }),
        },
        userJwt: { secret: USER_JWT_SECRET, algorithms: ['HS256'] },
        endpoint: { decorators: [UseGuards(UserThrottlerGuard)] },
      }),
    ],
  })
  class TrapModule {}
  return TrapModule;
}

describe('@nestjs/throttler with tenants', () => {
  let nudge: NudgeEmulator;
  let advised: Type;

  before(async () => {
    nudge = await NudgeEmulator.start({
      accounts: { acme: { apiKeys: [KEYS.acme] }, globex: { apiKeys: [KEYS.globex] } },
    });
    // The snippet reads these variables when it is imported.
    process.env['NUDGE_BASE_URL'] = nudge.url;
    process.env['NUDGE_API_KEY_OF_ACME'] = KEYS.acme;
    process.env['NUDGE_API_KEY_OF_GLOBEX'] = KEYS.globex;
    advised = (await import('../snippets/throttler-tenants.js')).AppModule;
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      const askerOf = (served: Served) => (tenantId: string, sub: string, path: string) =>
        served.get(path, { authorization: `Bearer ${userJwt(sub, { tenantId })}` });

      async function spend(ask: () => Promise<Response>): Promise<void> {
        for (let time = 0; time < 5; time += 1) assert.equal((await ask()).status, 200);
        assert.equal((await ask()).status, 429);
      }

      it('counts users of two tenants with the same id together if only the id is the tracker (the trap)', async () => {
        await using served = await Served.start(platform, trap(nudge.url));
        const ask = askerOf(served);
        await spend(() => ask('acme', 'ada', '/nudge/token'));
        assert.equal((await ask('globex', 'ada', '/nudge/token')).status, 429);
      });

      it('counts each user of each tenant at each registration separately', async () => {
        await using served = await Served.start(platform, advised);
        const ask = askerOf(served);
        for (const path of ['/nudge/token', '/nudge/emea/token'])
          for (const tenantId of ['acme', 'globex'])
            for (const sub of ['ada', 'bob']) await spend(() => ask(tenantId, sub, path));
        assert.equal((await ask('acme', 'ada', '/nudge/token')).status, 429);
      });

      it('gives users with the same id the tokens of their own tenants', async () => {
        await using served = await Served.start(platform, advised);
        const ask = askerOf(served);
        const tokenOf = async (tenantId: string): Promise<unknown> =>
          ((await (await ask(tenantId, 'ada', '/nudge/token')).json()) as { token: unknown }).token;
        assert.notEqual(await tokenOf('acme'), await tokenOf('globex'));
      });
    });
  }
});
