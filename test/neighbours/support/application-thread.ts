/* A worker thread with an application context of its own. It posts one token. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { parentPort, workerData } from 'node:worker_threads';

/** Without `redisUrl` the thread has no store. */
const { redisUrl } = workerData as { redisUrl?: string };

@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      endpoint: false,
      useFactory: () => ({
        ...nudgeAuthConfig(),
        ...(redisUrl === undefined ? {} : { store: new RedisTokenStore({ url: redisUrl }) }),
      }),
    }),
  ],
})
class ThreadModule {}

const app = await NestFactory.createApplicationContext(ThreadModule, { logger: false, abortOnError: false });
const { token } = await app.get(NudgeTokenService, { strict: false }).getToken();
parentPort?.postMessage(token);
await app.close();
