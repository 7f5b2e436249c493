import {
  Injectable,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { map, type Observable } from 'rxjs';
import { decodeJwt } from '../../../src/common/compact-jwt.js';
import type { Host } from '../../support/host.js';
import { unreachableOrigin } from '../../support/http-stub.js';
import { userJwt } from '../../support/users.js';
import { asUser, PAGE, registration, withApp, withStub } from '../support/application.js';
import { PRIVATE_KEY, type BrokenSetup } from '../support/stage.js';

/** Reads a JWT, but does not verify it. */
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

/** Passes a request on to the application, as a proxy that sets its own headers on the answer. */
async function passOn(
  host: Host,
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
  own: OutgoingHttpHeaders,
): Promise<void> {
  const answer = await host.get(url, { authorization: headers.authorization ?? '' });
  response.writeHead(answer.status, { 'content-type': answer.headers['content-type'], ...own });
  response.end(answer.text);
}

const USER_FAILS = { 'endpoint-user': 'fail' } as const;

export const ENDPOINT_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'an endpoint that is open to every caller',
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
    title: 'a proxy that allows caching',
    shows: { 'endpoint-caching': 'fail' },
    says: /no Cache-Control: no-store and an ETag.*one user’s token to another/,
    async breakIt(stage) {
      const host = await withApp(stage);
      const keeping = { 'cache-control': 'public, max-age=60', etag: '"a-tag"' };
      await withStub(stage, (request, response) => void passOn(host, request, response, keeping));
    },
  },
  {
    title: 'a proxy that drops ?format=text',
    shows: { 'endpoint-text': 'fail' },
    says: /\?format=text is not the bare token/,
    async breakIt(stage) {
      const host = await withApp(stage);
      await withStub(stage, (request, response) => {
        request.url = request.url?.replace('?format=text', '');
        void passOn(host, request, response, { 'cache-control': 'no-store' });
      });
    },
  },
  {
    title: 'an application that answers late',
    shows: { 'endpoint-time': 'warn' },
    says: /a refusal takes 3 s, .*delays requests before the guard/,
    async breakIt(stage) {
      const host = await withApp(stage);
      await withStub(stage, (request, response) => {
        if (request.headers.authorization === undefined) stage.clock.advance(3_000);
        void passOn(host, request, response, { 'cache-control': 'no-store' });
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
