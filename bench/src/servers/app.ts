import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServerProfiler } from './profiler.js';
import {
  nudgeEndpoint,
  textbookEndToEnd,
  textbookGuard,
  unguarded,
  writtenDirectly,
  type RouteSettings,
} from './routes.js';

const ROUTES: Readonly<Record<string, (settings: RouteSettings) => DynamicModule>> = {
  unguarded,
  'written directly': writtenDirectly,
  textbook: textbookGuard,
  'textbook end to end': textbookEndToEnd,
  endpoint: nudgeEndpoint,
};

const settings = JSON.parse(process.argv[2] ?? '{}') as RouteSettings & { adapter: string; variant: string };

const profiler = new ServerProfiler();
const ANSWERS: Readonly<Record<string, () => object | Promise<object>>> = {
  cpu: () => process.cpuUsage(),
  profile: async () => {
    await profiler.begin();
    return {};
  },
  'profile-end': () => profiler.end(),
};
async function answer(question: string): Promise<void> {
  process.send?.(await ANSWERS[question]?.());
}

process.on('message', (question: string) => void answer(question));

function listening(server: { address(): AddressInfo | string | null }): void {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/nudge/token`);
}

if (settings.variant === 'node:http') {
  const body = JSON.stringify({
    token: settings.token,
    expiresAt: new Date(),
    expiresIn: 3600,
    refreshIn: 3000,
  });
  const server = createServer((_request, response) => {
    response
      .setHeader('Content-Type', 'application/json; charset=utf-8')
      .setHeader('Cache-Control', 'no-store')
      .end(body);
  });
  server.listen(0, '127.0.0.1', () => listening(server));
} else {
  const routes = ROUTES[settings.variant]?.(settings);
  if (routes === undefined) throw new Error(`There is no variant ${settings.variant}`);
  @Module({ imports: [routes] })
  class AppModule {}
  const adapter = settings.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  listening(app.getHttpServer());
}
