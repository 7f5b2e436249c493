// beside: playwright-core
import { bearer, startNudge } from '../support/environment.js';
import { Controller, Get, Header, Module, type Type } from '@nestjs/common';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { PLATFORMS, Served, type Platform } from '../support/served.js';

/** A shop with a page, a catalogue that changes with each request, and a service worker. */
function shopWith(serviceWorker: string): Type {
  let timesAsked = 0;

  @Controller()
  class ShopController {
    @Get()
    @Header('content-type', 'text/html')
    page(): string {
      return '<!doctype html><title>A shop</title>';
    }

    @Get('catalogue')
    catalogue(): object {
      timesAsked += 1;
      return { timesAsked };
    }

    @Get('service-worker.js')
    @Header('content-type', 'text/javascript')
    serviceWorker(): string {
      return serviceWorker;
    }
  }

  @Module({
    imports: [NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider())],
    controllers: [ShopController],
  })
  class ShopModule {}
  return ShopModule;
}

describe('service workers', () => {
  let nudge: NudgeEmulator;
  let browser: Browser;
  let worker: string;
  before(async () => {
    const file = new URL('../../snippets/service-worker.js', import.meta.url);
    [nudge, browser, worker] = await Promise.all([startNudge(), launchBrowser(), readFile(file, 'utf8')]);
  });
  after(async () => {
    await browser.close();
    await nudge.stop();
  });

  /** How many different answers the page of a signed-in user gets for a path that it asks 20 times. */
  async function differentAnswers(platform: Platform, serviceWorker: string, path: string): Promise<number> {
    await using served = await Served.start(platform, shopWith(serviceWorker), { beside: [HostAuthModule] });
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(served.url);
      await page.evaluate(`(async () => {
        await navigator.serviceWorker.register('/service-worker.js');
        await navigator.serviceWorker.ready;
      })()`);
      await page.reload(); // From now on the worker controls the page.
      const answers = await page.evaluate<string[]>(`(async () => {
        if (navigator.serviceWorker.controller === null) throw new Error('No service worker controls the page');
        const headers = ${JSON.stringify(bearer('ada'))};
        const answers = [];
        for (let times = 0; times < 20; times += 1) {
          const answer = await fetch(${JSON.stringify(path)}, { headers });
          answers.push(answer.status + await answer.text());
        }
        return answers;
      })()`);
      for (const answer of answers) assert.match(answer, /^200/);
      return new Set(answers).size;
    } finally {
      await context.close();
    }
  }

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      it('give an old token again and again, if they cache all that begins with a slash (the trap)', async () => {
        const careless = worker.replace('CACHED_PATHS.includes(pathname)', "pathname.startsWith('/')");
        assert.notEqual(careless, worker);
        assert.equal(await differentAnswers(platform, careless, '/nudge/token'), 1);
      });

      it('cache the paths that they name, but not the token', async () => {
        assert.equal(await differentAnswers(platform, worker, '/catalogue'), 1);
        // refreshIn is random in each answer, so a cached answer would not change.
        assert.ok((await differentAnswers(platform, worker, '/nudge/token')) > 1);
      });
    });
  }
});
