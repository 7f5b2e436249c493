// beside: playwright-core, cookie-parser, @fastify/cookie
import { userJwt } from '../support/environment.js';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe } from 'node:test';
import { testInBrowser } from '../snippets/browser-tests.js';
import { parseCookies } from '../support/cookies.js';
import { adapterFor, PLATFORMS } from '../support/served.js';

process.env['CHROMIUM'] ??= '/usr/bin/chromium';

for (const platform of PLATFORMS) {
  describe(`the host's own tests in a browser, on ${platform}`, () => {
    async function createApp(module: Type): Promise<INestApplication> {
      const app = await NestFactory.create(module, adapterFor(platform), { logger: false });
      await parseCookies(platform, app);
      return app;
    }
    testInBrowser(createApp, () => userJwt());
  });
}
