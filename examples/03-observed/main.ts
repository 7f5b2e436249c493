import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { endWithNpm } from '../01-quick-start/demo/end-with-npm.js';
import { RedisProcess } from '../02-fleet/demo/redis-process.js';
import { DemoModule } from './demo/demo.module.js';
import { DemoUser } from './demo/demo-user.js';
import { PrometheusProcess } from './demo/prometheus-process.js';
import { Surroundings } from './demo/surroundings.js';
import { startTelemetry } from './metrics/telemetry.js';

const HOST = '127.0.0.1';
const PORT = process.env['PORT'] || '3000';
/** How many seconds a minute of the alert rules lasts here. */
const SECONDS_PER_MINUTE = Number(process.env['SECONDS_PER_MINUTE'] || '10');
/** Only the emulator accepts this key. */
const API_KEY = 'fake-private-key-for-the-observed-example';

function banner(page: string, nudge: NudgeEmulator, prometheus: PrometheusProcess | undefined): string {
  return `
  nestjs-nudge-auth, observed

  Page         ${page}
  Metrics      ${page}/metrics
  Health       ${page}/health/live   ${page}/health/ready
  Emulator     ${nudge.url}   admin: ${nudge.adminUrl}
  Prometheus   ${prometheus?.url ?? 'not on the PATH: sudo apt-get install prometheus, or brew install prometheus'}

  Ctrl-C ends the example.
`;
}

async function main(): Promise<void> {
  startTelemetry();
  const redis = await RedisProcess.start();
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  Object.assign(process.env, {
    NUDGE_API_KEY: API_KEY,
    NUDGE_BASE_URL: nudge.url,
    REDIS_URL: redis.url,
    APP_JWT_SECRET: randomBytes(32).toString('base64url'),
  });
  const surroundings = new Surroundings(redis);
  const app = await NestFactory.create<NestExpressApplication>(DemoModule.inside(nudge, surroundings), {
    logger: ['warn', 'error', 'fatal'],
    forceCloseConnections: true,
  });
  app.useStaticAssets(fileURLToPath(new URL('../../public', import.meta.url)));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  endWithNpm();
  try {
    await app.listen(Number(PORT), HOST);
    const server: Server = app.getHttpServer();
    const address = `${HOST}:${(server.address() as AddressInfo).port}`;
    const page = `http://${address}`;
    surroundings.prometheus = await PrometheusProcess.start(address, SECONDS_PER_MINUTE);
    surroundings.user = new DemoUser(page);
    void surroundings.user.askUntilGone();
    console.log(banner(page, nudge, surroundings.prometheus));
  } catch (error) {
    await app.close();
    throw error;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
