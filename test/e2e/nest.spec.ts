import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  SetMetadata,
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
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { Host, type HostSettings } from '../support/host.js';
import { adapterFor, PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';

const KEY = 'obviously-fake-private-key-inside-nest';

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

describe.each(PLATFORMS)('the module inside Nest on %s', (platform) => {
  let nudge: NudgeEmulator;
  const hosts: Host[] = [];

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  beforeEach(() => nudge.reset());

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });

  afterAll(() => nudge.stop());

  function of(options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule {
    return NudgeAuthModule.forRoot({
      apiKey: KEY,
      baseUrl: nudge.url,
      ...(options.endpoint === undefined ? { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } } : {}),
      ...options,
    } as NudgeAuthModuleOptions);
  }

  async function start(settings: HostSettings): Promise<Host> {
    const host = await Host.start(platform, settings);
    hosts.push(host);
    return host;
  }

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

  describe('stops the boot if the route would be open', () => {
    const noGuards = { endpoint: { guards: [] } };

    it('unless there is a global guard of any kind or a guard on the handler', async () => {
      await expect(start({ modules: [of(noGuards)] })).rejects.toThrow(
        'endpoint.guards is empty and no global guard (APP_GUARD, useGlobalGuards) stands before GET /nudge/token',
      );
      await expect(
        start({ modules: [of({ endpoint: { guards: [], decorators: [SetMetadata('public', true)] } })] }),
      ).rejects.toThrow('endpoint.guards is empty');
      const guarded = [
        { modules: [of(noGuards)], providers: [{ provide: APP_GUARD, useClass: OpenGuard }] },
        {
          modules: [of(noGuards)],
          providers: [{ provide: APP_GUARD, useClass: OpenGuard, scope: Scope.REQUEST }],
        },
        {
          modules: [of(noGuards)],
          configure: (app: Host['app']) => void app.useGlobalGuards(new OpenGuard()),
        },
        { modules: [of({ endpoint: { guards: [], decorators: [UseGuards(OpenGuard)] } })] },
      ];
      for (const settings of guarded) {
        const host = await start(settings);
        expect((await host.get('/nudge/token')).status).toBe(200);
      }
    });
  });

  describe('stops the boot if the options depend on the request', () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Durable {
      readonly key = KEY;
    }
    @Module({ providers: [Durable], exports: [Durable] })
    class DurableModule {}
    @Injectable({ scope: Scope.REQUEST })
    class FromRequest {
      createNudgeAuthOptions(): NudgeAuthModuleOptions {
        return { apiKey: KEY };
      }
    }

    it.each<{ is: string; options: NudgeAuthModuleAsyncOptions }>([
      { is: 'inject: [REQUEST]', options: { inject: [REQUEST], useFactory: () => ({ apiKey: KEY }) } },
      {
        is: 'a durable provider',
        options: { imports: [DurableModule], inject: [Durable], useFactory: () => ({ apiKey: KEY }) },
      },
      { is: 'a class of request scope', options: { useClass: FromRequest } },
    ])('through $is', async ({ options }) => {
      await expect(
        start({ modules: [NudgeAuthModule.forRootAsync(options), HostAuthModule] }),
      ).rejects.toThrow(/options: depend on the request.*option tenants.*extId/s);
      expect(nudge.counters.received).toBe(0);
    });
  });

  describe('stops the boot if the options class lacks createNudgeAuthOptions', () => {
    @Injectable()
    class Misnamed {
      createNudgeOptions(): NudgeAuthModuleOptions {
        return { apiKey: KEY };
      }
    }
    @Module({ providers: [Misnamed], exports: [Misnamed] })
    class MisnamedModule {}

    it.each([
      { way: 'useClass', options: { useClass: Misnamed } },
      { way: 'useExisting', options: { imports: [MisnamedModule], useExisting: Misnamed } },
    ])('with $way', async ({ way, options }) => {
      await expect(
        start({ modules: [NudgeAuthModule.forRootAsync(options as never), HostAuthModule] }),
      ).rejects.toThrow(`  - ${way}: the provider Misnamed has no method createNudgeAuthOptions`);
    });
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'headers',
    'url',
    'body',
    'query',
    'raw',
    'socket',
    'on',
    'validateInput',
    'getValidationFunction',
    'compileValidationSchema',
    'getDecorator',
    'setDecorator',
    'mediaType',
    'signal',
  ])('refuses %s as userProperty', (userProperty) => {
    expect(() => of({ endpoint: { userProperty } })).toThrow(
      `endpoint.userProperty: must be a property that a request does not have by itself, such as user: ${userProperty} is taken`,
    );
  });

  it('refuses every property that a request already has as userProperty', async () => {
    let members: string[] = [];
    @Injectable()
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        let part: unknown = context.switchToHttp().getRequest<object>();
        for (; typeof part === 'object' && part !== null; part = Object.getPrototypeOf(part)) {
          members = [...members, ...Object.getOwnPropertyNames(part)];
        }
        return true;
      }
    }
    const host = await start({ modules: [of({ endpoint: { guards: [Witness] } })] });
    await host.get('/nudge/token');
    expect(members).toContain('headers');
    for (const userProperty of members.filter((name) => !name.startsWith('_'))) {
      expect(() => of({ endpoint: { userProperty } })).toThrow(`${userProperty} is taken`);
    }
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
