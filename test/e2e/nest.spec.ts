import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader, REQUEST, RouterModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  InjectNudgeTokenService,
  NudgeAuthModule,
  NudgeTokenService,
  NudgeUserGuard,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { Host } from '../support/host.js';
import { adapterFor, PLATFORMS } from '../support/platforms.js';
import { USER_SECRET, userJwt } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';
import { verifyingRegistration } from './support/verifying-registration.js';

const KEY = 'obviously-fake-private-key-inside-nest';

describe.each(PLATFORMS)('the module inside Nest on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  const of = (options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule =>
    verifyingRegistration(nudge.url, KEY, options);

  describe('works', () => {
    @Injectable()
    class Campaigns {
      constructor(readonly tokens: NudgeTokenService) {}
    }

    it('when a module re-exports it and another one imports that module', async () => {
      @Module({ imports: [of()], exports: [NudgeAuthModule] })
      class CoreModule {}
      @Module({ imports: [CoreModule], providers: [Campaigns] })
      class CampaignsModule {}
      const host = await start({ modules: [CoreModule, CampaignsModule] });
      expect((await host.getAsUser()).status).toBe(200);
      await host.app.get(Campaigns, { strict: false }).tokens.getToken();
      expect(nudge.counters.received).toBe(1);
    });

    it('when two modules of a circular import share one dynamic module', async () => {
      const shared = of();
      @Module({ imports: [shared, forwardRef(() => Right)] })
      class Left {}
      @Module({ imports: [shared, forwardRef(() => Left)], providers: [Campaigns] })
      class Right {}
      const host = await start({ modules: [Left, Right] });
      expect((await host.getAsUser()).status).toBe(200);
    });

    it('under a path of RouterModule', async () => {
      const host = await start({
        modules: [of(), RouterModule.register([{ path: 'shop', module: NudgeAuthModule }])],
      });
      expect((await host.getAsUser('/shop/nudge/token')).status).toBe(200);
    });

    it('as a lazy module without an endpoint', async () => {
      const host = await start({ modules: [] });
      const lazy = of({ endpoint: false });
      const reference = await host.app.get(LazyModuleLoader).load(() => lazy);
      expect((await reference.get(NudgeTokenService).getToken()).token).toEqual(expect.any(String));
    });

    it('for the host’s services and controllers of request scope', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class RequestService {
        constructor(
          @Inject(REQUEST) readonly request: object,
          @InjectNudgeTokenService() readonly tokens: NudgeTokenService,
        ) {}
      }
      @Controller({ path: 'mine', scope: Scope.REQUEST })
      @UseGuards(NudgeUserGuard)
      class MineController {
        constructor(private readonly service: RequestService) {}

        @Get()
        async get(): Promise<string> {
          return (await this.service.tokens.getToken()).token;
        }
      }
      const host = await start({
        modules: [of()],
        controllers: [MineController],
        providers: [RequestService],
      });
      const tokens = [await host.getAsUser('/mine'), await host.getAsUser('/mine')];
      expect(tokens.map(({ status }) => status)).toEqual([200, 200]);
      expect((await host.get('/mine')).status).toBe(401);
      expect(nudge.counters.received).toBe(1);
    });

    it('when a test overrides its guard, its service or the whole module', async () => {
      const withoutGuard = await start({
        modules: [of()],
        override: (builder) => builder.overrideGuard(NudgeUserGuard).useValue({ canActivate: () => true }),
      });
      expect((await withoutGuard.get('/nudge/token')).status).toBe(200);

      const partial = {
        getToken: async () => ({ token: 'mocked', issuedAt: 0, expiresAt: Date.now() + 60_000 }),
      };
      const mocked = await start({
        modules: [of()],
        override: (builder) => builder.overrideProvider(NudgeTokenService).useValue(partial),
      });
      expect((await mocked.getAsUser('/nudge/token?format=text')).text).toBe('mocked');

      @Module({})
      class NoNudge {}
      const real = of();
      const without = await start({
        modules: [real],
        override: (builder) => builder.overrideModule(real as never).useModule(NoNudge),
      });
      expect((await without.getAsUser()).status).toBe(404);
    });

    it('when it is closed twice and started thirty times, and leaves nothing in passport', async () => {
      const strategies = (): string[] =>
        Object.keys((passport as unknown as { _strategies: object })._strategies).toSorted();
      const before = strategies();
      for (let round = 0; round < 30; round += 1) {
        const userJwtOptions = { secret: USER_SECRET, algorithms: ['HS256'], strategyName: 'thirty' };
        const testing = await Test.createTestingModule({
          imports: [of({ userJwt: userJwtOptions } as never)],
        }).compile();
        const app = testing.createNestApplication(adapterFor(platform), { logger: false });
        await app.init();
        expect(strategies()).toEqual([...before, 'thirty'].toSorted());
        await app.close();
        await app.close();
      }
      expect(strategies()).toEqual(before);
    });
  });

  describe('names its controllers', () => {
    it('after their registrations', async () => {
      const seen: string[] = [];
      @Injectable()
      class Witness implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          seen.push(context.getClass().name);
          return true;
        }
      }
      const host = await start({
        modules: [of(), of({ name: 'emea' }), of({ name: 'my-shop_2' })],
        providers: [{ provide: APP_GUARD, useClass: Witness }],
      });
      for (const path of ['/nudge/token', '/nudge/emea/token', '/nudge/my-shop_2/token']) {
        expect((await host.get(path, { authorization: await userJwt() })).status).toBe(200);
      }
      expect(seen).toEqual([
        'NudgeTokenController',
        'NudgeEmeaTokenController',
        'NudgeMyShop2TokenController',
      ]);
    });

    it('and stops the boot if two would have the same name', async () => {
      await expect(start({ modules: [of({ name: 'my-shop' }), of({ name: 'my_shop' })] })).rejects.toThrow(
        /name: "my.shop" and "my.shop" give one class name, NudgeMyShopTokenController/,
      );
      const apart = [of({ name: 'my-shop' }), of({ name: 'my_shop', endpoint: false })];
      await expect(start({ modules: apart })).resolves.toBeInstanceOf(Host);
    });
  });
});
