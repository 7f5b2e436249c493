import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeRedis } from '../redis/support/describe-redis.js';
import { CHROMIUM_NAMES, launchChromium } from '../support/chromium.js';
import { assertExampleIsBuilt, Example } from '../support/example.js';
import { describeWithProgram } from '../support/optional-program.js';

/** Long enough for a machine that does much else. */
const WITHIN_MS = 60_000;
const TEST_TIMEOUT_MS = 180_000;

/** How many pixels of a panel have the colour of its line. */
const COLOURED_PIXELS = `(panel, property) => {
  const canvas = document.querySelectorAll('#chart canvas')[panel];
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(property);
  probe.fillRect(0, 0, 1, 1);
  const wanted = probe.getImageData(0, 0, 1, 1).data.join();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) if (data.subarray(at, at + 4).join() === wanted) found += 1;
  return found;
}`;

const rightOf = (box: { x: number; width: number } | null): number =>
  box === null ? NaN : box.x + box.width;

describeWithProgram(
  'the page of the fleet',
  { names: CHROMIUM_NAMES, install: 'apt-get install chromium' },
  (executablePath) =>
    describeRedis('with Redis', () => {
      let browser: Browser;
      let example: Example | undefined;
      const errors: string[] = [];

      beforeAll(async () => {
        assertExampleIsBuilt('02-fleet');
        browser = await launchChromium(executablePath);
      });

      afterAll(async () => {
        await browser?.close();
        await example?.kill('SIGKILL');
      });

      async function open(): Promise<Page> {
        example = new Example('0', '02-fleet');
        const { page: url } = await example.banner();
        const page = await browser.newPage();
        page.setDefaultTimeout(WITHIN_MS);
        page.on('pageerror', ({ message }) => errors.push(message));
        await page.goto(url);
        return page;
      }

      it(
        'draws the requests and the calls to Nudge, and marks the moment in which Redis stops',
        async () => {
          const page = await open();
          const isDrawn = (panel: number, property: string): Promise<unknown> =>
            page.waitForFunction(`(${COLOURED_PIXELS})(${panel}, '${property}') > 20`);

          await page.getByRole('button', { name: 'Start asking' }).click();
          await isDrawn(0, '--served');
          await isDrawn(1, '--nudge');
          await page.getByRole('button', { name: 'Stop asking' }).waitFor();

          await page.getByRole('button', { name: 'Stop Redis' }).click();
          const mark = page.locator('#chart .mark span', { hasText: 'Redis stopped' });
          await mark.waitFor();
          const [markBox, chartBox] = [await mark.boundingBox(), await page.locator('#chart').boundingBox()];
          expect(markBox?.x).toBeGreaterThan(chartBox?.x ?? Infinity);
          expect(rightOf(markBox)).toBeLessThanOrEqual(rightOf(chartBox));
          await page
            .getByRole('img', { name: /\d+ requests served per second; \d+ calls .*Redis stopped/ })
            .waitFor();

          // Each of the four processes has a share of the load.
          await page.waitForFunction(`[...document.querySelectorAll('#processes tr')]
        .filter((row) => Number(row.cells[1].textContent.replace(/\\D/g, '')) > 0).length === 4`);
          expect(errors).toEqual([]);
        },
        TEST_TIMEOUT_MS,
      );
    }),
);
