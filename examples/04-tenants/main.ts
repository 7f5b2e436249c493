import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { endWithNpm } from '../01-quick-start/demo/end-with-npm.js';
import { DemoModule } from './demo/demo.module.js';
import { NudgeAccounts } from './demo/nudge-accounts.js';

const HOST = '127.0.0.1';
const PORT = process.env['PORT'] || '3000';

async function main(): Promise<void> {
  // Only the emulator accepts these keys.
  const nudge = await NudgeEmulator.start({
    accounts: {
      acme: { apiKeys: ['fake-private-key-1-of-acme'] },
      globex: { apiKeys: ['fake-private-key-1-of-globex'] },
    },
  });

  // Your deployment would set these variables. Here the address is known only now.
  Object.assign(process.env, {
    NUDGE_BASE_URL: nudge.url,
    APP_JWT_SECRET: randomBytes(32).toString('base64url'),
  });

  const app = await NestFactory.create<NestExpressApplication>(DemoModule.with(nudge), {
    logger: ['warn', 'error', 'fatal'],
    forceCloseConnections: true,
  });
  app.useStaticAssets(fileURLToPath(new URL('../../public', import.meta.url)));
  // The process exits with 0 and not by the signal, because ending the example is not a failure.
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  endWithNpm();

  try {
    await app.init();
    // The demo begins with a customer whose key Nudge refuses.
    await app.get(NudgeAccounts).revoke('globex');
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

function banner(server: Server, nudge: NudgeEmulator): string {
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  return `
  nestjs-nudge-auth, two customers behind one backend

  Page       ${url}
  Endpoint   ${url}/nudge/token
  Emulator   ${nudge.url}   admin: ${nudge.adminUrl}

  Ctrl-C ends the example.
`;
}

function explain(error: unknown): unknown {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return isTaken ? `Port ${PORT} is taken. Choose another one: PORT=3001 npm run start:tenants` : error;
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
