import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication, type Type } from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator, NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  NudgeAuthError,
  NudgeAuthExceptionFilter,
  NudgeAuthModule,
  NudgeHttpException,
  NudgeTokenService,
} from 'nestjs-nudge-auth';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import passport from 'passport';
import { lastValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { adapterFor, PLATFORMS } from '../support/platforms.js';
import { RecordingLogger } from '../support/recording-logger.js';

const failure = (): NudgeAuthError =>
  new NudgeAuthError('NUDGE_RATE_LIMITED', 'obviously for operators', { retryAfterMs: 5_000 });

/** The error of a second installed copy of this package. */
class CopiedError extends Error {
  override readonly name = 'NudgeAuthError';
  readonly code = 'NUDGE_RATE_LIMITED';
  readonly retryable = true;
  readonly retryAfterMs = 5_000;
}
Object.assign(CopiedError.prototype, { [Symbol.for('nestjs-nudge-auth.NudgeAuthError')]: true });

@Controller()
class Handlers {
  @MessagePattern('token')
  onMessage(): never {
    throw failure();
  }

  @MessagePattern('token-of-an-http-service')
  onOtherMessage(): never {
    throw new NudgeHttpException(failure(), 503, 5);
  }

  @Get('token')
  get(): never {
    throw failure();
  }

  @Get('token-of-a-copy')
  getFromCopy(): never {
    throw new CopiedError('from elsewhere');
  }

  @Get('other')
  other(): never {
    throw new RangeError('not ours');
  }
}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('token')
  onMessage(): never {
    throw failure();
  }
}

@Injectable()
class Resolver {
  token(): never {
    throw failure();
  }
}

describe('NudgeAuthExceptionFilter as APP_FILTER', () => {
  let app: INestApplication | undefined;
  let logger = new RecordingLogger();

  afterEach(() => app?.close());

  async function boot(
    parts: { controllers?: Type[]; providers?: Type[] },
    configure: (app: INestApplication) => void | Promise<void> = () => undefined,
    platform: (typeof PLATFORMS)[number] = 'express',
  ): Promise<INestApplication> {
    logger = new RecordingLogger();
    const testing = await Test.createTestingModule({
      controllers: parts.controllers ?? [],
      providers: [...(parts.providers ?? []), { provide: APP_FILTER, useClass: NudgeAuthExceptionFilter }],
    })
      .setLogger(logger)
      .compile();
    app = testing.createNestApplication(adapterFor(platform), { logger });
    await configure(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const portOf = (server: INestApplication): number => (server.getHttpServer().address() as AddressInfo).port;

  it.each(PLATFORMS)('answers over HTTP on %s, also for an error of a second copy', async (platform) => {
    const http = await boot({ controllers: [Handlers] }, undefined, platform);
    for (const path of ['token', 'token-of-a-copy']) {
      const answer = await fetch(`http://127.0.0.1:${portOf(http)}/${path}`);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        503,
        'NUDGE_RATE_LIMITED',
      ]);
      expect(answer.headers.get('nudge-auth-error')).toBe('NUDGE_RATE_LIMITED');
      expect(answer.headers.get('etag')).toBeNull();
    }
    expect((await fetch(`http://127.0.0.1:${portOf(http)}/other`)).status).toBe(500);
  });

  it('passes the error to the caller of a microservice', async () => {
    let port = 0;
    const server = await boot({ controllers: [Handlers] }, async (hybrid) => {
      const microservice = hybrid.connectMicroservice<MicroserviceOptions>(
        { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
        { inheritAppConfig: true },
      );
      await hybrid.startAllMicroservices();
      port = microservice.unwrap<{ address(): AddressInfo }>().address().port;
    });
    expect(server).toBeDefined();
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    for (const pattern of ['token', 'token-of-an-http-service']) {
      await expect(lastValueFrom(client.send(pattern, {}))).rejects.toMatchObject({
        code: 'NUDGE_RATE_LIMITED',
      });
    }
    client.close();
  });

  it('sends Nest’s default message to the client of a WebSocket', async () => {
    const server = await boot(
      { providers: [Gateway] },
      (http) => void http.useWebSocketAdapter(new WsAdapter(http)),
    );
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'token', data: { campaign: 7 } }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        message: 'Internal server error',
        cause: { pattern: 'token', data: { campaign: 7 } },
      },
    });
    expect(logger.at('error').join('\n')).toContain('obviously for operators');
    socket.close();
  });

  it('rethrows the error in a GraphQL resolver', async () => {
    const server = await boot({ providers: [Resolver] });
    const resolver = server.get(Resolver);
    // @nestjs/graphql calls resolvers in this way.
    const resolve = server
      .get(ExternalContextCreator)
      .create(
        resolver,
        () => resolver.token(),
        'token',
        undefined,
        undefined,
        undefined,
        undefined,
        { guards: true, filters: true, interceptors: true },
        'graphql',
      );
    await expect((async () => resolve({}, {}, {}, {}))()).rejects.toMatchObject({
      code: 'NUDGE_RATE_LIMITED',
    });
  });
});

describe('NudgeAuthModule in an application without an HTTP server', () => {
  const apiKey = 'obviously-fake-private-key-without-http';

  afterEach(() => {
    passport.unuse('jwt');
  });

  it.each<{ is: string; endpoint: object }>([
    { is: 'no strategy', endpoint: {} },
    { is: 'no guard', endpoint: { guards: [] } },
  ])('boots with $is, because it has no route to guard', async ({ endpoint }) => {
    @Module({ imports: [NudgeAuthModule.forRoot({ apiKey, endpoint })] })
    class Root {}
    const quiet = { logger: false, abortOnError: false } as const;
    const standalone = await NestFactory.createApplicationContext(Root, quiet);
    expect(standalone.get(NudgeTokenService)).toBeInstanceOf(NudgeTokenService);
    await standalone.close();
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(Root, { ...quiet, ...options });
    await service.listen();
    await service.close();
  });

  it.each(PLATFORMS)('does not boot without a strategy if it also has a server on %s', async (platform) => {
    @Module({ imports: [NudgeAuthModule.forRoot({ apiKey })] })
    class Root {}
    const hybrid = await NestFactory.create(Root, adapterFor(platform), { logger: false });
    hybrid.connectMicroservice<MicroserviceOptions>({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    await expect(hybrid.init()).rejects.toThrow("strategy 'jwt', but there is none");
    await hybrid.close();
  });
});
