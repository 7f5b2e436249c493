import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import {
  InjectNudgeTokenService,
  NudgeAuthExceptionFilter,
  NudgeTokenService,
  NudgeUserGuard,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import type { ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-host-app-tests';

interface FastifyLike {
  addHook(
    name: 'onSend',
    hook: (request: unknown, reply: { header(name: string, value: string): unknown }) => Promise<void>,
  ): unknown;
}

/** A host application may wrap all its answers in the same object. */
@Controller('echo')
class EchoController {
  @Get()
  get(): string {
    return 'echo';
  }
}

@Injectable()
class Greeter {
  constructor(
    readonly byClass: NudgeTokenService,
    @InjectNudgeTokenService() readonly byToken: NudgeTokenService,
  ) {}
}

@Module({ providers: [Greeter] })
class FarAwayModule {}

describe.each(PLATFORMS)('in a host application on %s', (platform) => {
  let nudge: NudgeEmulator;
  let registration: NudgeAuthModuleOptions;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    registration = { apiKey: API_KEY, baseUrl: nudge.url };
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('the endpoint', () => {
    it('sends no ETag even if the host sets one on every answer', async () => {
      const tag = '"obviously-a-digest"';
      for (const passthrough of [false, true]) {
        await using host = await Host.start(platform, {
          nudge: { ...registration, endpoint: { passthrough } },
          controllers: [EchoController],
          configure: (app) => {
            if (platform === 'express') {
              app.use((_request: unknown, response: ServerResponse, next: () => void) => {
                response.setHeader('ETag', tag);
                next();
              });
              return;
            }
            const fastify = app.getHttpAdapter().getInstance() as FastifyLike;
            fastify.addHook('onSend', async (_request, reply) => void reply.header('etag', tag));
          },
        });
        expect((await host.get('/echo')).headers['etag']).toBe(tag);
        const statuses = [];
        for (const answer of [
          await host.getAsUser(),
          await host.getAsUser('/nudge/token?format=xml'),
          await host.get('/nudge/token'),
        ]) {
          statuses.push(answer.status);
          expect(answer.headers).not.toHaveProperty('etag');
        }
        expect(statuses).toEqual([200, 400, 401]);
      }
    });

    it('uses the service or the getToken method that a test of the host has replaced', async () => {
      const token = { token: 'from.a.test', issuedAt: 0, expiresAt: Date.now() + 3_600_000 };
      await using whole = await Host.start(platform, {
        nudge: registration,
        override: (builder) =>
          builder.overrideProvider(NudgeTokenService).useValue({ getToken: async () => token }),
      });
      expect((await whole.getAsUser()).json()['token']).toBe('from.a.test');
      await using host = await Host.start(platform, { nudge: registration });
      jest.spyOn(host.app.get(NudgeTokenService), 'getToken').mockResolvedValue(token);
      expect((await host.getAsUser()).json()['token']).toBe('from.a.test');
    });

    it('sets the user on the property that userProperty names', async () => {
      const users: unknown[] = [];
      @Injectable()
      class Witness implements NestInterceptor {
        intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
          const request = context.switchToHttp().getRequest<Record<string, unknown>>();
          users.push([request['account'], request['user']]);
          return next.handle();
        }
      }
      const providers = [{ provide: APP_INTERCEPTOR, useClass: Witness }];
      const endpoint = { userProperty: 'account' };
      await using byHost = await Host.start(platform, { nudge: { ...registration, endpoint }, providers });
      await byHost.getAsUser();
      await using byModule = await Host.start(platform, {
        nudge: { ...registration, endpoint, userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } },
        modules: [],
        providers,
      });
      await byModule.getAsUser();
      expect(users).toEqual([
        [{ id: 'ada', name: 'from the host' }, undefined],
        [expect.objectContaining({ sub: 'ada' }), undefined],
      ]);
    });
  });

  describe('the service', () => {
    it('is injected by its class and by its token, everywhere if the module is global', async () => {
      await using host = await Host.start(platform, {
        nudge: { ...registration, isGlobal: true },
        modules: [HostAuthModule, FarAwayModule],
      });
      const greeter = host.app.get(Greeter, { strict: false });
      expect(greeter.byClass).toBeInstanceOf(NudgeTokenService);
      expect(greeter.byToken).toBe(greeter.byClass);
      const { token } = await greeter.byClass.getToken();
      expect((await host.getAsUser()).json()['token']).toBe(token);
      expect(nudge.counters.received).toBe(1);
    });

    it('cannot be injected without an import if the module is not global', async () => {
      await expect(
        Host.start(platform, { nudge: registration, modules: [HostAuthModule, FarAwayModule] }),
      ).rejects.toThrow(/Nest can't resolve dependencies of the Greeter/);
    });

    it('fails in a host’s controller as the endpoint does, if the exported filter is used', async () => {
      nudge.setFault({ kind: 'rate-limit', retryAfterS: 20 });
      @Controller('mine')
      @UseFilters(NudgeAuthExceptionFilter)
      class MineController {
        constructor(private readonly tokens: NudgeTokenService) {}

        @Get()
        async get(): Promise<string> {
          return (await this.tokens.getToken()).token;
        }
      }
      await using host = await Host.start(platform, { nudge: registration, controllers: [MineController] });
      const answer = await host.get('/mine');
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({ statusCode: 503, code: 'NUDGE_RATE_LIMITED' });
      expect(answer.headers).toMatchObject({
        'nudge-auth-error': 'NUDGE_RATE_LIMITED',
        'retry-after': expect.stringMatching(/^\d+$/),
        'cache-control': 'private, no-store',
      });
      expect(answer.headers).not.toHaveProperty('etag');
    });
  });

  it('offers userJwt to the host’s routes as a guard and as a strategy with the chosen name', async () => {
    @Controller()
    @UseGuards(NudgeUserGuard)
    class ProfileController {
      @Get('profile')
      get(): string {
        return 'secret profile';
      }
    }
    @Controller()
    @UseGuards(AuthGuard('my-users'))
    class LegacyController {
      @Get('legacy')
      get(): string {
        return 'secret profile';
      }
    }
    await using host = await Host.start(platform, {
      nudge: {
        ...registration,
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'], strategyName: 'my-users' },
      },
      modules: [],
      controllers: [ProfileController, LegacyController],
    });
    for (const path of ['/profile', '/legacy']) {
      const bare = await host.get(path, { authorization: await userJwt() });
      expect([bare.status, bare.text]).toEqual([200, 'secret profile']);
      expect((await host.get(path)).status).toBe(401);
    }
    const refused = await host.get('/profile');
    expect(refused.headers).toMatchObject({
      'www-authenticate': 'Bearer',
      'cache-control': 'private, no-store',
    });
  });
});
