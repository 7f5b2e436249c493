import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** The addresses from which your proxies call. */
const PROXIES = ['127.0.0.1'];

export function trustProxiesOnExpress(app: NestExpressApplication): void {
  app.set('trust proxy', PROXIES);
}

// for NestFactory.create(AppModule, adapterBehindProxies())
export function adapterBehindProxies(): FastifyAdapter {
  return new FastifyAdapter({ trustProxy: PROXIES });
}
