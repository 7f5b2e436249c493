import {
  Module,
  type DynamicModule,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { NudgeAuthModule, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import type { AddressInfo } from 'node:net';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Clock, Random } from '../../src/common/clock.js';
import { NUDGE_CLOCK, NUDGE_RANDOM } from '../../src/common/injection-tokens.js';
import { adapterFor, type Platform } from './platforms.js';
import { RecordingLogger } from './recording-logger.js';
import { HostAuthModule, userJwt } from './users.js';

export interface HttpResult {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): Record<string, unknown>;
}

/** A plain HTTP client: it adds only the header `Host`, and follows no redirect. */
export function httpGet(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<HttpResult> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: () => JSON.parse(text) as Record<string, unknown>,
        });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

export interface HostSettings {
  /** The options of the only registration. Leave it out if `modules` has the registrations. */
  readonly nudge?: NudgeAuthModuleOptions;
  readonly modules?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
  readonly controllers?: Type[];
  /** Configures the application, for example with a prefix, pipes or plugins. */
  readonly configure?: (app: INestApplication) => void | Promise<void>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

function injected(builder: TestingModuleBuilder, token: symbol, value: unknown): TestingModuleBuilder {
  return builder.overrideProvider(token).useValue(value);
}

/** A Nest application that listens on a real socket. */
export class Host {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    readonly logger: RecordingLogger,
  ) {}

  static async start(platform: Platform, settings: HostSettings): Promise<Host> {
    const logger = new RecordingLogger();
    const nudge: DynamicModule[] =
      settings.nudge === undefined ? [] : [NudgeAuthModule.forRoot(settings.nudge)];
    @Module({
      imports: [...nudge, ...(settings.modules ?? [HostAuthModule])],
      providers: settings.providers ?? [],
      controllers: settings.controllers ?? [],
    })
    class RootModule {}
    const builder = Test.createTestingModule({ imports: [RootModule] }).setLogger(logger);
    const withChance =
      settings.random === undefined ? builder : injected(builder, NUDGE_RANDOM, settings.random);
    const withTime =
      settings.clock === undefined ? withChance : injected(withChance, NUDGE_CLOCK, settings.clock);
    const testing = await (settings.override?.(withTime) ?? withTime).compile();
    const app = testing.createNestApplication(adapterFor(platform), { logger });
    try {
      await settings.configure?.(app);
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close().catch(() => undefined);
      throw error;
    }
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new Host(app, `http://127.0.0.1:${port}`, logger);
  }

  head(path: string, headers: Record<string, string> = {}): Promise<HttpResult> {
    return httpGet(this.url + path, headers, 'HEAD');
  }

  get(path: string, headers: Record<string, string> = {}): Promise<HttpResult> {
    return httpGet(this.url + path, headers);
  }

  /** Sends a GET as the signed-in user Ada. */
  async getAsUser(path = '/nudge/token', headers: Record<string, string> = {}): Promise<HttpResult> {
    return this.get(path, { authorization: `Bearer ${await userJwt()}`, ...headers });
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
