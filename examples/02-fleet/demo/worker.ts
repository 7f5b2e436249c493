import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoModule } from './demo.module.js';

const HOST = '127.0.0.1';
const DEFAULT_PORT = '3000';

/** Runs one of the processes, which is an ordinary Nest application. */
export async function runWorker(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(DemoModule, {
    logger: ['warn', 'error', 'fatal'],
    forceCloseConnections: true,
  });
  app.useStaticAssets(fileURLToPath(new URL('../../public', import.meta.url)));
  // The page draws its chart with uPlot, as the package is published.
  app.useStaticAssets(dirname(fileURLToPath(import.meta.resolve('uplot'))), { prefix: '/uplot' });
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  await app.listen(Number(process.env['PORT'] ?? DEFAULT_PORT), HOST);
}
