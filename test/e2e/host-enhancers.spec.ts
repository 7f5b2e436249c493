import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Catch,
  Controller,
  ForbiddenException,
  Injectable,
  Post,
  SetMetadata,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost, Reflector } from '@nestjs/core';
import { IsInt } from 'class-validator';
import { NudgeAuthError, NudgeHttpException, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { map, of, type Observable } from 'rxjs';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';

const API_KEY = 'obviously-fake-private-key-for-host-app-tests';
const DOCUMENTED = ['expiresAt', 'expiresIn', 'refreshIn', 'token'];

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
  @Post()
  echo(@Body() body: EchoDto): EchoDto {
    return body;
  }
}
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
  });
});
