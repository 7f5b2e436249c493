import compress from '@fastify/compress';
import fastifyHelmet from '@fastify/helmet';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  HttpException,
  Injectable,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import helmet from 'helmet';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { tap, type Observable } from 'rxjs';
import { Host, httpGet } from '../support/host.js';
import { PLATFORMS, type Platform } from '../support/platforms.js';
import { USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-private-key-for-tests-around-the-endpoint';
const ORIGIN = 'https://shop.example';

/** What the interceptor, the filter and the hooks of the host have seen. */
interface Witness {
  intercepted: unknown[];
  filtered: unknown[];
  sent: unknown[];
  finished: number[];
}

function nothingSeen(): Witness {
  return { intercepted: [], filtered: [], sent: [], finished: [] };
}

function interceptorFor(witness: () => Witness): NestInterceptor {
  return {
    intercept: (_context: ExecutionContext, next: CallHandler): Observable<unknown> =>
      next.handle().pipe(tap((answer) => witness().intercepted.push(answer))),
  };
}

@Injectable()
@Catch(HttpException)
class TeapotFilter implements ExceptionFilter<HttpException> {
  static witness: () => Witness = nothingSeen;

  catch(exception: HttpException, host: ArgumentsHost): void {
    TeapotFilter.witness().filtered.push(exception.getStatus());
    const response = host.switchToHttp().getResponse<{
      status(status: number): { send(body: object): void };
    }>();
    response.status(exception.getStatus()).send({ filtered: exception.message });
  }
}

type Next = () => void;

async function surround(platform: Platform, app: INestApplication, witness: () => Witness): Promise<void> {
  app.enableCors({ origin: [ORIGIN], credentials: true, exposedHeaders: ['x-request-id'] });
  let requests = 0;
  app.use((_request: IncomingMessage, response: ServerResponse, next: Next) => {
    requests += 1;
    response.setHeader('x-request-id', `request-${requests}`);
    response.on('finish', () => witness().finished.push(response.statusCode));
    next();
  });
  if (platform === 'express') {
    app.use(helmet());
    app.use(compression({ threshold: 0 }));
    return;
  }
  const fastify = app as NestFastifyApplication;
  await fastify.register(fastifyHelmet as never);
  await fastify.register(compress as never, { threshold: 0, encodings: ['gzip'] });
  fastify
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', async (_request, reply, payload) => {
      witness().sent.push(typeof payload);
      reply.header('x-on-send', 'was here');
      return payload;
    });
}

/** The encoding of the answer and its decoded text. */
function getCompressed(
  url: string,
  headers: Record<string, string>,
): Promise<{ encoding: string; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const encoding = response.headers['content-encoding'] ?? 'none';
        const text =
          encoding === 'gzip' ? gunzipSync(bytes) : encoding === 'br' ? brotliDecompressSync(bytes) : bytes;
        resolve({ encoding, text: text.toString() });
      });
    }).on('error', reject);
  });
}

describe.each(
  PLATFORMS.flatMap((platform) => [false, true].map((passthrough) => ({ platform, passthrough }))),
)('around the endpoint on $platform, passthrough $passthrough', ({ platform, passthrough }) => {
  let nudge: NudgeEmulator;
  let host: Host;
  let witness = nothingSeen();
  let authorization: string;

  beforeAll(async () => {
    TeapotFilter.witness = () => witness;
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    authorization = `Bearer ${await userJwt()}`;
    host = await Host.start(platform, {
      nudge: {
        apiKey: API_KEY,
        baseUrl: nudge.url,
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
        endpoint: { passthrough },
      },
      providers: [
        { provide: APP_INTERCEPTOR, useValue: interceptorFor(() => witness) },
        { provide: APP_FILTER, useClass: TeapotFilter },
      ],
      configure: (app) => surround(platform, app, () => witness),
    });
    // All later requests use the remembered JWT and the held token.
    await host.get('/nudge/token', { authorization });
  });

  afterAll(async () => {
    await host.close();
    await nudge.stop();
  });

  async function ask(headers: Record<string, string> = {}): ReturnType<Host['get']> {
    witness = nothingSeen();
    return host.get('/nudge/token', { authorization, ...headers });
  }

  it('keeps the CORS headers', async () => {
    const answer = await ask({ origin: ORIGIN });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-request-id',
      vary: expect.stringMatching(/Origin.*Authorization, Accept, Cookie/),
    });
    expect((await ask({ origin: 'https://evil.example' })).headers['access-control-allow-origin']).not.toBe(
      'https://evil.example',
    );
  });

  it('answers a preflight', async () => {
    const answer = await httpGet(
      `${host.url}/nudge/token`,
      {
        origin: ORIGIN,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
      'OPTIONS',
    );
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([204, ORIGIN]);
  });

  it('keeps the headers of helmet and adds its own stricter ones', async () => {
    expect((await ask()).headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'strict-transport-security': expect.stringContaining('max-age='),
      'x-frame-options': 'SAMEORIGIN',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
  });

  it('compresses the answer if the client asks for it', async () => {
    const url = `${host.url}/nudge/token`;
    const plain = await getCompressed(url, { authorization });
    const packed = await getCompressed(url, { authorization, 'accept-encoding': 'gzip' });
    expect([plain.encoding, packed.encoding]).toEqual(['none', 'gzip']);
    const tokenIn = (text: string): unknown => (JSON.parse(text) as { token: unknown }).token;
    expect(tokenIn(packed.text)).toBe(tokenIn(plain.text));
  });

  it('keeps the request id of the host, a new one for each request', async () => {
    const ids = [await ask(), await ask()].map((answer) => answer.headers['x-request-id']);
    expect(ids).toEqual([expect.stringMatching(/^request-\d+$/), expect.stringMatching(/^request-\d+$/)]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('ends the answer, so that middleware sees it finish', async () => {
    await ask();
    expect(witness.finished).toEqual([200]);
  });

  it('runs the interceptors', async () => {
    const answer = await ask();
    expect(witness.intercepted).toEqual([passthrough ? answer.json() : undefined]);
  });

  it('passes its refusals to the filters and keeps their headers', async () => {
    witness = nothingSeen();
    const anonymous = await host.get('/nudge/token', { origin: ORIGIN });
    const wrong = await host.get('/nudge/token?format=xml', { authorization, origin: ORIGIN });
    expect(witness.filtered).toEqual([401, 400]);
    expect([anonymous.status, wrong.status]).toEqual([401, 400]);
    for (const answer of [anonymous, wrong]) {
      expect(answer.json()).toEqual({ filtered: expect.any(String) });
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'x-request-id': expect.stringMatching(/^request-/),
        'x-frame-options': 'SAMEORIGIN',
        'cache-control': 'private, no-store',
      });
    }
    expect(anonymous.headers['www-authenticate']).toBe('Bearer');
  });

  if (platform === 'fastify') {
    it('runs the onSend hooks for answers and refusals', async () => {
      const good = await ask();
      expect([good.headers['x-on-send'], witness.sent]).toEqual(['was here', ['string']]);
      expect((await host.get('/nudge/token')).headers['x-on-send']).toBe('was here');
    });
  }

  it('answers JSON without an ETag', async () => {
    const answer = await ask();
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.text.length).toBeGreaterThan(100);
    expect(answer.headers).not.toHaveProperty('etag');
  });
});
