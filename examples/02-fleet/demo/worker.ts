import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { DemoModule } from './demo.module.js';
import type { PrimaryMessage } from './messages.js';

const HOST = '127.0.0.1';
const DEFAULT_PORT = '3000';

/** One of the processes: an ordinary Nest application. */
export async function runWorker(): Promise<void> {
  endRedisWithPrimary();
  const app = await NestFactory.create<NestExpressApplication>(DemoModule, {
    logger: ['warn', 'error', 'fatal'],
    forceCloseConnections: true,
  });
  app.useStaticAssets(fileURLToPath(new URL('../../public', import.meta.url)));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  await app.listen(Number(process.env['PORT'] ?? DEFAULT_PORT), HOST);
}

/** Demo only: a process that is killed has no time to end the Redis that it has started. */
function endRedisWithPrimary(): void {
  let redisPid: number | undefined;
  process.on('message', (message: PrimaryMessage) => {
    redisPid = message.redisPid;
  });
  cluster.worker?.once('disconnect', () => {
    if (redisPid === undefined) return;
    try {
      process.kill(redisPid, 'SIGKILL');
    } catch {
      // Another of the processes was faster.
    }
  });
}
