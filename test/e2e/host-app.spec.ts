import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Body,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Post,
  SetMetadata,
  UseFilters,
  UseGuards,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost, Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { IsInt } from 'class-validator';
import {
  InjectNudgeTokenService,
  NudgeAuthError,
  NudgeAuthExceptionFilter,
  NudgeHttpException,
  NudgeTokenService,
  NudgeUserGuard,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import type { ServerResponse } from 'node:http';
import { map, of, type Observable } from 'rxjs';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-host-app-tests';
const DOCUMENTED = ['expiresAt', 'expiresIn', 'refreshIn', 'token'];

interface FastifyLike {
  addHook(
    name: 'onSend',
    hook: (request: unknown, reply: { header(name: string, value: string): unknown }) => Promise<void>,
  ): unknown;
}

/** A host application may wrap all its answers in the same object. */
@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  static seen: unknown[] = [];

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((data: unknown) => {
        EnvelopeInterceptor.seen.push(data);
        return { data };
      }),
    );
  }
}

/** A global guard of a host application, with an exception for routes that are marked as public. */
@Injectable()
class MembersOnlyGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get<boolean>('public', context.getHandler())) return true;
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-member'] === 'yes') return true;
    throw new ForbiddenException('members only');
  }
}

@Catch()
class CatchAllFilter implements ExceptionFilter {
  static caught: unknown[] = [];

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    CatchAllFilter.caught.push(exception);
    this.adapterHost.httpAdapter.reply(
      host.switchToHttp().getResponse(),
      { error: 'as the host writes it' },
      599,
    );
  }
}

class EchoDto {
  @IsInt()
  amount = 0;
}

@Controller('echo')
class EchoController {
  @Get()
  get(): string {
    return 'echo';
  }

  @Post()
  echo(@Body() body: EchoDto): EchoDto {
    return body;
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
    it('gets the global prefix', async () => {
      await using host = await Host.start(platform, {
        nudge: registration,
        configure: (app) => void app.setGlobalPrefix('api/internal'),
      });
      expect((await host.getAsUser('/api/internal/nudge/token')).status).toBe(200);
      expect((await host.getAsUser('/nudge/token')).status).toBe(404);
    });

    it('serves every version, or only the configured one, with URI versioning', async () => {
      const configure = (app: Host['app']): void =>
        void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      await using neutral = await Host.start(platform, { nudge: registration, configure });
      expect((await neutral.getAsUser('/nudge/token')).status).toBe(200);
      expect((await neutral.getAsUser('/v1/nudge/token')).status).toBe(404);

      await using second = await Host.start(platform, {
        nudge: { ...registration, endpoint: { version: '2' } },
        configure,
      });
      expect((await second.getAsUser('/v2/nudge/token')).status).toBe(200);
      expect((await second.getAsUser('/nudge/token')).status).toBe(404);
    });

    it('serves every version, or only the configured ones, with header versioning', async () => {
      const configure = (app: Host['app']): void =>
        void app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      await using neutral = await Host.start(platform, { nudge: registration, configure });
      expect((await neutral.getAsUser('/nudge/token')).status).toBe(200);
      expect((await neutral.getAsUser('/nudge/token', { 'x-version': '7' })).status).toBe(200);

      await using second = await Host.start(platform, {
        nudge: { ...registration, endpoint: { version: ['2', '3'] } },
        configure,
      });
      expect((await second.getAsUser('/nudge/token', { 'x-version': '3' })).status).toBe(200);
      expect((await second.getAsUser('/nudge/token', { 'x-version': '1' })).status).toBe(404);
    });

    it('is guarded by a global guard, which sees the metadata of endpoint.decorators', async () => {
      const providers = [{ provide: APP_GUARD, useClass: MembersOnlyGuard }];
      await using guarded = await Host.start(platform, { nudge: registration, providers });
      const refused = await guarded.getAsUser();
      expect([refused.status, refused.json()['message']]).toEqual([403, 'members only']);
      expect((await guarded.getAsUser('/nudge/token', { 'x-member': 'yes' })).status).toBe(200);
      expect((await guarded.get('/nudge/token', { 'x-member': 'yes' })).status).toBe(401);

      await using open = await Host.start(platform, {
        nudge: { ...registration, endpoint: { decorators: [SetMetadata('public', true)] } },
        providers,
      });
      expect((await open.getAsUser()).status).toBe(200);
    });

    it('works with a strict global ValidationPipe', async () => {
      await using host = await Host.start(platform, {
        nudge: registration,
        controllers: [EchoController],
        providers: [
          {
            provide: APP_PIPE,
            useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
          },
        ],
      });
      const answer = await host.getAsUser('/nudge/token?utm_source=mail');
      expect([answer.status, Object.keys(answer.json()).toSorted()]).toEqual([200, DOCUMENTED]);
    });

    it('keeps its documented shape under an interceptor that wraps answers, except with passthrough', async () => {
      const providers = [{ provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor }];
      EnvelopeInterceptor.seen = [];
      await using fast = await Host.start(platform, { nudge: registration, providers });
      expect(Object.keys((await fast.getAsUser()).json()).toSorted()).toEqual(DOCUMENTED);
      expect(EnvelopeInterceptor.seen).toEqual([undefined]);

      await using open = await Host.start(platform, {
        nudge: { ...registration, endpoint: { passthrough: true } },
        providers,
      });
      const wrapped = await open.getAsUser();
      expect(wrapped.json()).toEqual({
        data: expect.objectContaining({ token: expect.any(String), refreshIn: expect.any(Number) }),
      });
      expect(EnvelopeInterceptor.seen).toHaveLength(2);
      expect(wrapped.headers['content-type']).toBe('application/json; charset=utf-8');
    });

    it('sends the same headers with passthrough', async () => {
      await using host = await Host.start(platform, {
        nudge: { ...registration, endpoint: { passthrough: true } },
        configure: (app) => app.enableCors({ origin: ['https://shop.example'] }),
      });
      const json = await host.getAsUser('/nudge/token', { origin: 'https://shop.example' });
      const text = await host.getAsUser('/nudge/token?format=text');
      expect(Object.keys(json.json()).toSorted()).toEqual(DOCUMENTED);
      expect([text.headers['content-type'], text.text]).toEqual([
        'text/plain; charset=utf-8',
        json.json()['token'],
      ]);
      for (const answer of [json, text]) {
        expect(answer.headers).toMatchObject({
          'cache-control': 'private, no-store',
          'x-content-type-options': 'nosniff',
        });
        expect(answer.headers).not.toHaveProperty('etag');
        expect(answer.headers.vary).toContain('Authorization, Accept, Cookie');
      }
      expect(json.headers.vary).toMatch(/^Origin, /);
    });

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

    it('passes its failures to the host’s filters, with their cause', async () => {
      CatchAllFilter.caught = [];
      nudge.setFault({ kind: 'rate-limit', retryAfterS: 20 });
      await using host = await Host.start(platform, {
        nudge: registration,
        providers: [{ provide: APP_FILTER, useClass: CatchAllFilter }],
      });
      const answer = await host.getAsUser();
      expect([answer.status, answer.json()]).toEqual([599, { error: 'as the host writes it' }]);
      // The headers are set even if a filter of the host writes the body.
      expect(answer.headers).toMatchObject({
        'nudge-auth-error': 'NUDGE_RATE_LIMITED',
        'retry-after': expect.stringMatching(/^\d+$/),
        'cache-control': 'private, no-store',
      });
      expect(answer.headers).not.toHaveProperty('etag');
      const [caught] = CatchAllFilter.caught;
      expect(caught).toBeInstanceOf(NudgeHttpException);
      expect(caught).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryAfter: expect.any(Number) });
      expect((caught as NudgeHttpException).getStatus()).toBe(503);
      expect((caught as NudgeHttpException).cause).toBeInstanceOf(NudgeAuthError);
      expect((caught as NudgeHttpException).cause).toMatchObject({
        code: 'NUDGE_RATE_LIMITED',
        retryable: true,
      });
    });

    it('can have another path, or be left out', async () => {
      await using moved = await Host.start(platform, {
        nudge: { ...registration, endpoint: { path: '/v9/tokens/' } },
      });
      expect((await moved.getAsUser('/v9/tokens')).status).toBe(200);
      expect((await moved.getAsUser('/nudge/token')).status).toBe(404);

      await using none = await Host.start(platform, {
        nudge: { ...registration, endpoint: false },
        modules: [],
      });
      expect((await none.getAsUser('/nudge/token')).status).toBe(404);
      expect((await none.app.get(NudgeTokenService).getToken()).token).toEqual(expect.any(String));
    });

    it.each([
      { chosen: 502, status: 502 },
      { chosen: 429, status: 429 },
      { chosen: undefined, status: 503 },
      { chosen: 200, status: 503 },
      { chosen: 42, status: 503 },
      { chosen: 503.5, status: 503 },
    ])('fails with $status if errorStatus returns $chosen', async ({ chosen, status }) => {
      const codes: string[] = [];
      nudge.setFault({ kind: 'firewall' });
      await using host = await Host.start(platform, {
        nudge: {
          ...registration,
          endpoint: {
            errorStatus: (code) => {
              codes.push(code);
              return chosen;
            },
          },
        },
      });
      const answer = await host.getAsUser();
      expect([answer.status, answer.json()['statusCode'], codes]).toEqual([
        status,
        status,
        ['NUDGE_UNAVAILABLE'],
      ]);
    });

    it('uses endpoint.guards instead of its own guard', async () => {
      @Injectable()
      class Doorkeeper {
        readonly word = 'sesame';
      }
      @Module({ providers: [Doorkeeper], exports: [Doorkeeper] })
      class DoorModule {}
      @Injectable()
      class DoorGuard implements CanActivate {
        constructor(private readonly keeper: Doorkeeper) {}
        canActivate(context: ExecutionContext): boolean {
          const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
          return headers['x-word'] === this.keeper.word;
        }
      }
      await using host = await Host.start(platform, {
        nudge: { ...registration, imports: [DoorModule], endpoint: { guards: [DoorGuard] } },
        modules: [],
      });
      expect((await host.get('/nudge/token', { 'x-word': 'sesame' })).status).toBe(200);
      expect((await host.getAsUser('/nudge/token')).status).toBe(403);

      await expect(
        Host.start(platform, { nudge: { ...registration, endpoint: { guards: [DoorGuard] } }, modules: [] }),
      ).rejects.toThrow('Doorkeeper');
    });

    it('stops the boot if a class among its guards has no canActivate', async () => {
      class NoGuard {
        canActivte(): boolean {
          return false;
        }
      }
      class FieldGuard {
        readonly canActivate = (): boolean => false;
      }
      const guards = (...classes: object[]): NudgeAuthModuleOptions => ({
        ...registration,
        endpoint: { guards: classes as Type<CanActivate>[] },
      });
      await expect(Host.start(platform, { nudge: guards(FieldGuard, NoGuard), modules: [] })).rejects.toThrow(
        'class NoGuard',
      );
      await using host = await Host.start(platform, { nudge: guards(FieldGuard), modules: [] });
      expect((await host.get('/nudge/token')).status).toBe(403);
    });

    it('lets an interceptor answer in its place with passthrough', async () => {
      @Injectable()
      class Maintenance implements NestInterceptor {
        intercept(): Observable<unknown> {
          return of({ closed: true });
        }
      }
      await using host = await Host.start(platform, {
        nudge: { ...registration, endpoint: { passthrough: true } },
        providers: [{ provide: APP_INTERCEPTOR, useClass: Maintenance }],
      });
      expect((await host.getAsUser()).json()).toEqual({ closed: true });
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
