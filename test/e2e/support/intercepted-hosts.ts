import etag from '@fastify/etag';
import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import type { Observable } from 'rxjs';
import type { Host } from '../../support/host.js';
import type { Platform } from '../../support/platforms.js';
import { USER_SECRET } from '../../support/users.js';
import { hostsForEachTest } from './hosts.js';

type Intercept = (next: CallHandler, context: ExecutionContext) => Observable<unknown>;

function interceptor(intercept: Intercept): NestInterceptor {
  return { intercept: (context, next) => intercept(next, context) };
}

async function putEtags(platform: Platform, app: INestApplication): Promise<void> {
  // Express sets ETags by itself.
  if (platform === 'fastify') await (app as NestFastifyApplication).register(etag as never);
}

type StartHost = (
  intercept: Intercept | typeof CacheInterceptor,
  options?: Partial<NudgeAuthModuleOptions>,
  configure?: (app: INestApplication) => void | Promise<void>,
) => Promise<Host>;

/** Returns a function that starts a host with an interceptor and ETags. All hosts of a test close after it. */
export function interceptedHosts(
  platform: Platform,
  passthrough: boolean,
  apiKey: string,
  baseUrl: () => string,
): StartHost {
  const start = hostsForEachTest(platform);
  return (intercept, options = {}, configure = () => undefined) =>
    start({
      nudge: {
        apiKey,
        baseUrl: baseUrl(),
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
        ...options,
        endpoint: { passthrough, ...options.endpoint },
      } as NudgeAuthModuleOptions,
      modules: [CacheModule.register()],
      providers: [
        intercept === CacheInterceptor
          ? { provide: APP_INTERCEPTOR, useClass: CacheInterceptor }
          : { provide: APP_INTERCEPTOR, useValue: interceptor(intercept as Intercept) },
      ],
      configure: async (app) => {
        await putEtags(platform, app);
        await configure(app);
      },
    });
}
