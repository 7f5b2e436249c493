import {
  Module,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export function adapterFor(platform: Platform): ExpressAdapter | FastifyAdapter {
  return platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
}

export interface ServedSettings {
  /** Modules beside the snippet's own, for example the mistake that a page warns of. */
  readonly beside?: (Type | DynamicModule)[];
  readonly providers?: Provider[];
  readonly configure?: (app: INestApplication) => void | Promise<void>;
  readonly logger?: LoggerService;
  /** Replaces the default adapter of the platform. */
  readonly adapter?: ExpressAdapter | FastifyAdapter;
}

/** An application that listens on a free port on loopback. */
export class Served {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  static async start(platform: Platform, module: Type, settings: ServedSettings = {}): Promise<Served> {
    @Module({ imports: [module, ...(settings.beside ?? [])], providers: settings.providers ?? [] })
    class RootModule {}
    const app = await NestFactory.create(RootModule, settings.adapter ?? adapterFor(platform), {
      logger: settings.logger ?? false,
      abortOnError: false,
    });
    try {
      await settings.configure?.(app);
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close();
      throw error;
    }
    return new Served(app, await app.getUrl());
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers });
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
