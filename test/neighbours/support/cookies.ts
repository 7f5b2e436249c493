import fastifyCookie from '@fastify/cookie';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import cookieParser from 'cookie-parser';
import type { Platform } from './served.js';

/** Lets the application read the cookies of its requests. */
export async function parseCookies(platform: Platform, app: INestApplication): Promise<void> {
  if (platform === 'express') app.use(cookieParser());
  else await (app as NestFastifyApplication).register(fastifyCookie as never);
}
