import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppModule } from './app.module.js';
import { banner } from './demo/banner.js';
import { CampaignApi } from './demo/campaign-api.js';
import { DemoModule } from './demo/demo.module.js';
import { endWithNpm } from './demo/end-with-npm.js';

const HOST = '127.0.0.1';
const PORT = process.env['PORT'] || '3000';
/** Only the emulator accepts this key. */
const API_KEY = 'fake-private-key-for-the-quick-start';

async function main(): Promise<void> {
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const campaignApi = await CampaignApi.start(nudge.jwksUrl);

  // Your deployment would set these variables. Here the addresses are known only now.
  Object.assign(process.env, {
    NUDGE_API_KEY: API_KEY,
    NUDGE_BASE_URL: nudge.url,
    CAMPAIGN_API_URL: campaignApi.url,
    APP_JWT_SECRET: randomBytes(32).toString('base64url'),
  });

  const app = await NestFactory.create<NestExpressApplication>(
    DemoModule.around(AppModule, { nudge, campaignApi }),
    { logger: ['warn', 'error', 'fatal'], forceCloseConnections: true },
  );
  app.useStaticAssets(fileURLToPath(new URL('../public', import.meta.url)));
  // The page imports the published client directly. A real frontend would bundle it.
  app.useStaticAssets(dirname(fileURLToPath(import.meta.resolve('nestjs-nudge-auth/client'))), {
    prefix: '/client',
  });
  // The process exits with 0 and not by the signal, because ending the example is not a failure.
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  endWithNpm();

  try {
    await app.init();
    // app.listen() would log a taken port a second time.
    const server: Server = app.getHttpServer();
    server.listen(Number(PORT), HOST);
    await once(server, 'listening');
    console.log(banner(server, nudge));
  } catch (error) {
    await app.close();
    throw error;
  }
}

function explain(error: unknown): unknown {
  switch (error instanceof Error && 'code' in error && error.code) {
    case 'EADDRINUSE':
      return `Port ${PORT} is taken. Choose another one: PORT=3001 npm start`;
    case 'EACCES':
      return `Port ${PORT} is not allowed for your user. Choose another one: PORT=3001 npm start`;
    case 'ERR_SOCKET_BAD_PORT':
      return `PORT is "${PORT}", but must be a number from 0 (any free port) to 65535: PORT=3001 npm start`;
    default:
      return error;
  }
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
