import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CampaignJob, JobsModule } from './jobs.js';

let booting: Promise<INestApplicationContext> | undefined;

/** One application for all calls that an instance gets. */
function application(): Promise<INestApplicationContext> {
  booting ??= boot().catch((error: unknown) => {
    booting = undefined; // the next call boots again
    throw error;
  });
  return booting;
}

function boot(): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(JobsModule, {
    abortOnError: false, // reject instead of ending the process
    logger: ['error', 'warn'],
  });
}

export async function handler(): Promise<string> {
  return (await application()).get(CampaignJob).run();
}

// for platforms that announce the end of an instance
export async function onShutdown(): Promise<void> {
  await (await booting)?.close();
}
