import { Controller, Get, Header, Module } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chromium } from 'playwright-core';
import { AppModule } from './cookies.js';

@Controller('shop')
class ShopController {
  @Get()
  @Header('content-type', 'text/html')
  page(): string {
    return `<p>…</p><script type="module">
      const { status } = await fetch('/nudge/token');
      document.querySelector('p').textContent =
        { 200: 'ready', 401: 'sign in' }[status] ?? 'later';
    </script>`;
  }
}

@Module({ imports: [AppModule], controllers: [ShopController] })
class ShopModule {}

/**
 * A test in a browser. `createApp` is the function that your `main.ts` uses, and
 * `userJwt` makes the JWT of a signed-in user.
 */
export function testInBrowser(
  createApp: (module: Type) => Promise<INestApplication>,
  userJwt: () => string,
): void {
  it('the page is ready, and waits when Nudge limits the calls', async () => {
    const apiKey = process.env['NUDGE_API_KEY'] ?? '';
    const nudge = await NudgeEmulator.start({ apiKeys: [apiKey] });
    process.env['NUDGE_BASE_URL'] = nudge.url; // before the application boots
    const app = await createApp(ShopModule); // reads cookies
    const browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'], // or Playwright's own browser
      args: ['--no-sandbox'],
    });
    try {
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      const context = await browser.newContext();
      const page = await context.newPage();
      const shows = async (text: string): Promise<void> => {
        await page.goto(`${url}/shop`);
        await page.getByText(text, { exact: true }).waitFor();
      };
      await shows('sign in');
      const session = { name: 'session', value: userJwt(), url };
      await context.addCookies([{ ...session, httpOnly: true }]);
      await shows('ready');

      nudge.setFault({ kind: 'rate-limit' });
      await shows('ready'); // the module holds a token
      await app.get(NudgeTokenService, { strict: false }).invalidate();
      await shows('later');
      assert.equal(nudge.counters.received, 2);
    } finally {
      await browser.close();
      await app.close();
      await nudge.stop();
    }
  });
}
