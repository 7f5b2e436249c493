import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InProcessLoad } from './in-process-load.js';
import { ServerProfiler } from './profiler.js';
import {
  nudgeEndpoint,
  usualGuardAndCall,
  usualGuard,
  unguarded,
  writtenDirectly,
  type RouteSettings,
} from './routes.js';

const PATH = '/nudge/token';

const ROUTES: Readonly<Record<string, (settings: RouteSettings) => DynamicModule>> = {
  unguarded,
  'written directly': writtenDirectly,
  textbook: usualGuard,
  'textbook end to end': usualGuardAndCall,
  endpoint: nudgeEndpoint,
};

const settings = JSON.parse(process.argv[2] ?? '{}') as RouteSettings & { adapter: string; variant: string };

const profiler = new ServerProfiler();
let server: Server | undefined;
let inProcessLoad: InProcessLoad | undefined;

const ANSWERS: Readonly<Record<string, (...words: string[]) => unknown>> = {
  cpu: () => process.cpuUsage(),
  profile: async () => {
    await profiler.begin();
    return {};
  },
  'profile-end': () => profiler.end(),
  'in-process': (requests = '', jwt = '') => {
    if (server === undefined) throw new Error('There is no server yet');
    inProcessLoad ??= new InProcessLoad(server, PATH, jwt);
    return inProcessLoad.cpuMicrosecondsPerRequest(Number(requests));
  },
};
async function answer(message: string): Promise<void> {
  const [question = '', ...words] = message.split(' ');
  process.send?.(await ANSWERS[question]?.(...words));
}

process.on('message', (message: string) => void answer(message));

function listening(listener: Server): void {
  server = listener;
  process.send?.(`http://127.0.0.1:${(listener.address() as AddressInfo).port}${PATH}`);
}

if (settings.variant === 'node:http') {
  const body = JSON.stringify({
    token: settings.token,
    expiresAt: new Date(),
    expiresIn: 3600,
    refreshIn: 3000,
  });
  const listener = createServer((_request, response) => {
    response
      .setHeader('Content-Type', 'application/json; charset=utf-8')
      .setHeader('Cache-Control', 'no-store')
      .end(body);
  });
  listener.listen(0, '127.0.0.1', () => listening(listener));
} else {
  const routes = ROUTES[settings.variant]?.(settings);
  if (routes === undefined) throw new Error(`There is no variant ${settings.variant}`);
  @Module({ imports: [routes] })
  class AppModule {}
  const adapter = settings.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  listening(app.getHttpServer() as Server);
}
