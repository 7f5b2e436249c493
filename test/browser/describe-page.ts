import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { CHROMIUM_NAMES, launchChromium } from '../support/chromium.js';
import { assertExampleIsBuilt } from '../support/example.js';
import { describeWithProgram } from '../support/optional-program.js';
import { OpenPage, type PageSettings } from './open-page.js';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
/** The time after which the page's SDK asks again when it got no token. */
export const SDK_ASKS_AGAIN_MS = 3 * SECOND_MS;

type Open = (settings?: PageSettings) => Promise<OpenPage>;

/** Describes the page of the quick start in a browser. The page of a test closes after it, and must have no error. */
export function describePage(title: string, tests: (open: Open) => void): void {
  describeWithProgram(
    title,
    { names: CHROMIUM_NAMES, install: 'apt-get install chromium' },
    (executablePath) => {
      let browser: Browser;
      let opened: OpenPage | undefined;

      beforeAll(async () => {
        assertExampleIsBuilt();
        browser = await launchChromium(executablePath);
      });

      afterAll(() => browser?.close());

      afterEach(async () => {
        const app = opened;
        opened = undefined;
        await app?.[Symbol.asyncDispose]();
        expect(app?.errors).toEqual([]);
      });

      tests(async (settings) => {
        const app = await OpenPage.open(browser, settings);
        opened = app;
        return app;
      });
    },
  );
}
