/*
 * Makes the pictures of the quick start's page in docs/pictures from the built example: npm run screenshots
 * The pictures look best with the font Inter (Debian's fonts-inter), and pngquant makes their files small.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const MAIN = fileURLToPath(new URL('../../examples/01-quick-start/dist/main.js', import.meta.url));
const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const MOST_BYTES = 150_000;

const DESKTOP = { viewport: { width: 1120, height: 1210 } };
const PHONE = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 1.5,
  hasTouch: true,
  isMobile: true,
};

const button = (page, name) => page.getByRole('button', { name, exact: true });

async function signIn(page) {
  await button(page, 'Sign in as Ada').click();
  await page.getByText('Ada has a token').waitFor();
}

async function servedWhileDown(page) {
  await signIn(page);
  await button(page, '50 more visitors ask at once').click();
  await page.getByText('50 got a token').waitFor();
  await button(page, 'Get campaigns').click();
  await page.getByText('Spring sale').waitFor();
  await button(page, 'Is down').click();
  await page.getByText('Nudge is down, and Ada does not notice').waitFor();
}

async function withoutToken(page) {
  await signIn(page);
  await button(page, 'Is down').click();
  await button(page, 'Forgets its token').click();
  await page.getByText('No token at the moment').waitFor();
  await page.getByText(/^Tries again in \d+ s$/).waitFor();
}

/** Waits for the counters and the timeline, which the page fetches once a second. */
async function upToDate(page) {
  await page.waitForResponse((response) => response.url().endsWith('/demo/stats'));
  await page.mouse.move(0, 0);
  await page.evaluate('document.activeElement.blur(); window.scrollTo(0, 0)');
}

const SHOTS = [
  { name: 'served-while-down', show: servedWhileDown, options: { ...DESKTOP, colorScheme: 'light' } },
  { name: 'served-while-down-dark', show: servedWhileDown, options: { ...DESKTOP, colorScheme: 'dark' } },
  { name: 'no-token', show: withoutToken, options: { ...DESKTOP, colorScheme: 'light' } },
  { name: 'phone', show: servedWhileDown, options: { ...PHONE, colorScheme: 'light' } },
  { name: 'phone-dark', show: withoutToken, options: { ...PHONE, colorScheme: 'dark' } },
];

/** Starts a separate example for each picture, so that every counter starts at 0. */
async function startExample() {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += chunk;
    const url = /Page +(http:\S+)\s/.exec(printed)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error('The example ended before it printed the URL of its page');
}

async function takePicture(browser, { name, show, options }) {
  const { child, url } = await startExample();
  const context = await browser.newContext({ ...options, locale: 'en-GB' });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await show(page);
    await upToDate(page);
    const path = `${PICTURES}${name}.png`;
    await page.screenshot({ path, animations: 'disabled' });
    spawnSync('pngquant', ['--force', '--strip', '--output', path, path]);
    const { size } = statSync(path);
    console.log(`${name}.png, ${Math.round(size / 1_000)} kB`);
    if (size > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes: install pngquant`);
  } finally {
    await context.close();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

mkdirSync(PICTURES, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});
try {
  for (const shot of SHOTS) await takePicture(browser, shot);
} finally {
  await browser.close();
}
