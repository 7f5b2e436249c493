import {
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type CallHandler,
} from '@nestjs/common';
import type { RequestListener } from 'node:http';
import { map, type Observable } from 'rxjs';
import { decodeJwt } from '../../../src/common/compact-jwt.js';
import { Host, type HostSettings } from '../../support/host.js';
import { HttpStub, unreachableOrigin } from '../../support/http-stub.js';
import type { Platform } from '../../support/platforms.js';
import { userJwt } from '../../support/users.js';
import { PRIVATE_KEY, type BrokenSetup, type Stage } from '../support/stage.js';

export const PAGE = 'https://app.example';

/** An application of its own, and a user's JWT for it. */
export async function withApp(
  stage: Stage,
  settings: Partial<HostSettings> = {},
  platform: Platform = 'express',
): Promise<Host> {
  const nudge = { apiKey: PRIVATE_KEY, baseUrl: stage.nudge.url };
  const host = stage.use(await Host.start(platform, { nudge, ...settings }));
  stage.argv.push('--endpoint', `${host.url}/nudge/token`);
  await asUser(stage);
  return host;
}

export async function asUser(stage: Stage, jwt?: string): Promise<void> {
  stage.environment['NUDGE_USER_JWT'] = jwt ?? (await userJwt());
  stage.canaries.plant('user JWT', stage.environment['NUDGE_USER_JWT']);
}

async function withStub(stage: Stage, listener: RequestListener): Promise<HttpStub> {
  const stub = stage.use(await HttpStub.start(listener));
  stage.argv.push('--endpoint', `${stub.origin}/nudge/token`);
  await asUser(stage);
  return stub;
}

/** Believes what a JWT says of itself. */
@Injectable()
class ReadingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    return decodeJwt(headers.authorization?.replace('Bearer ', '') ?? '') !== undefined;
  }
}

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

const registration = (stage: Stage, endpoint: object) => ({
  nudge: { apiKey: PRIVATE_KEY, baseUrl: stage.nudge.url, endpoint },
});

const ANSWER_FAILS = { 'endpoint-answer': 'fail' } as const;
const USER_FAILS = { 'endpoint-user': 'fail' } as const;

export const ENDPOINT_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'an application that does not run',
    shows: ANSWER_FAILS,
    says: /ECONNREFUSED.*Does the application run/,
    breakIt: async (stage) => void stage.argv.push('--endpoint', `${await unreachableOrigin()}/nudge/token`),
  },
  {
    title: 'a wrong path',
    shows: ANSWER_FAILS,
    says: /404: the route is not there.*global prefix/,
    async breakIt(stage) {
      await withApp(stage);
      stage.argv.push('--endpoint', String(stage.argv.at(-1)).replace('/nudge', '/api/nudge'));
    },
  },
  {
    title: 'a redirect',
    shows: ANSWER_FAILS,
    says: /redirects \(301\), which is not followed/,
    async breakIt(stage) {
      const elsewhere: string[] = [];
      const other = stage.use(
        await HttpStub.start((request, response) => {
          elsewhere.push(String(request.headers.authorization));
          response.end();
        }),
      );
      await withStub(stage, (_request, response) =>
        response.writeHead(301, { location: other.origin }).end(),
      );
      stage.atEnd(() => {
        if (elsewhere.length > 0) throw new Error('A redirect was followed');
      });
    },
  },
  {
    title: 'a page in place of the route',
    shows: ANSWER_FAILS,
    says: /200 with an HTML page.*single-page application/,
    breakIt: async (stage) =>
      void (await withStub(stage, (_request, response) =>
        response.setHeader('content-type', 'text/html').end('<html>'),
      )),
  },
  {
    title: 'a throttler before everything',
    shows: ANSWER_FAILS,
    says: /429: a throttler/,
    breakIt: async (stage) =>
      void (await withStub(stage, (_request, response) => response.writeHead(429).end())),
  },
  {
    title: 'an application that hangs',
    shows: ANSWER_FAILS,
    says: /does not answer within 10 s.*SDKs give up/,
    async breakIt(stage) {
      const asked = new Promise<void>((resolve) => void withStub(stage, () => resolve()));
      await Promise.resolve();
      while (stage.environment['NUDGE_USER_JWT'] === undefined) await new Promise(setImmediate);
      return async () => {
        await asked;
        await stage.clock.advanceAsync(10_000);
      };
    },
  },
  {
    title: 'an endpoint that is open to everybody',
    shows: { 'endpoint-guard': 'fail' },
    says: /the endpoint is open.*Put a guard on it/,
    breakIt: async (stage) => void (await withApp(stage, registration(stage, { guards: [OpenGuard] }))),
  },
  {
    title: 'a guard that reads JWTs and does not verify them',
    shows: { 'endpoint-forged-jwt': 'fail' },
    says: /a forged JWT is not refused \(status 200\)/,
    breakIt: async (stage) => void (await withApp(stage, registration(stage, { guards: [ReadingGuard] }))),
  },
  {
    title: 'a JWT that has expired',
    shows: USER_FAILS,
    says: /JWT is refused \(401\): it expired \d+ minutes ago/,
    async breakIt(stage) {
      await withApp(stage);
      await asUser(stage, await userJwt({ sub: 'ada' }, { expiresIn: '-1h' }));
    },
  },
  {
    title: 'a JWT of another issuer',
    shows: USER_FAILS,
    says: /JWT is refused \(401\) .*that your application accepts/,
    async breakIt(stage) {
      await withApp(stage);
      await asUser(
        stage,
        await userJwt({ sub: 'ada' }, { secret: 'obviously-fake-secret-of-another-issuer-0123' }),
      );
    },
  },
  {
    title: 'an application that cannot reach Nudge',
    shows: USER_FAILS,
    says: /503 with NUDGE_UNAVAILABLE.*docs\/errors\.md/,
    async breakIt(stage) {
      const baseUrl = `${await unreachableOrigin()}/api`;
      await withApp(stage, { nudge: { apiKey: PRIVATE_KEY, baseUrl, http: { maxRetries: 0 } } });
    },
  },
  {
    title: 'an interceptor that wraps the answer',
    shows: USER_FAILS,
    says: /the answer lacks token.*interceptor/,
    breakIt: async (stage) =>
      void (await withApp(stage, {
        ...registration(stage, { passthrough: true }),
        configure: (app) => void app.useGlobalInterceptors(new Wrapping()),
      })),
  },
  {
    title: 'a proxy that changes what is to be kept',
    shows: { 'endpoint-caching': 'fail' },
    says: /no Cache-Control: no-store and an ETag.*one user’s token to another/,
    breakIt: async (stage) => {
      const host = await withApp(stage);
      await withStub(stage, (request, response) => {
        void host
          .get(request.url ?? '', { authorization: request.headers.authorization ?? '' })
          .then((answer) => {
            response.writeHead(answer.status, {
              'content-type': answer.headers['content-type'],
              'cache-control': 'public, max-age=60',
              etag: '"a-tag"',
            });
            response.end(answer.text);
          });
      });
    },
  },
  {
    title: 'a proxy that knows no text',
    shows: { 'endpoint-text': 'fail' },
    says: /\?format=text gives something else/,
    breakIt: async (stage) => {
      const host = await withApp(stage);
      await withStub(stage, (request, response) => {
        const path = (request.url ?? '').replace('?format=text', '');
        void host.get(path, { authorization: request.headers.authorization ?? '' }).then((answer) => {
          response.writeHead(answer.status, {
            'content-type': answer.headers['content-type'],
            'cache-control': 'no-store',
          });
          response.end(answer.text);
        });
      });
    },
  },
  {
    title: 'pages that are not allowed to call',
    shows: { 'endpoint-cors': 'fail' },
    says: /pages of https:\/\/app\.example are not allowed.*enableCors/,
    async breakIt(stage) {
      await withApp(stage);
      stage.argv.push('--origin', PAGE);
    },
  },
  {
    title: 'pages that may not send a credential',
    shows: { 'endpoint-cors': 'fail' },
    says: /may not send Authorization/,
    async breakIt(stage) {
      await withApp(stage, {
        configure: (app) => app.enableCors({ origin: PAGE, allowedHeaders: ['Accept'] }),
      });
      stage.argv.push('--origin', PAGE);
    },
  },
  {
    title: 'pages that cannot read Retry-After',
    shows: { 'endpoint-cors': 'warn' },
    says: /cannot read Retry-After and Nudge-Auth-Error/,
    async breakIt(stage) {
      await withApp(stage, { configure: (app) => app.enableCors({ origin: PAGE }) });
      stage.argv.push('--origin', PAGE);
    },
  },
];
