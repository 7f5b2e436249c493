import { expect, it, jest } from '@jest/globals';
import { describePage, HOUR_MS, MINUTE_MS, SDK_ASKS_AGAIN_MS } from './describe-page.js';

jest.setTimeout(30_000);

describePage('the page of the quick start', (open) => {
  it('does not poll while its tab is hidden, and fetches once when the tab is shown again', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');
    await app.setHidden(true);
    const polled: string[] = [];
    app.page.on('request', (request) => polled.push(request.url()));

    for (let passedMs = 0; passedMs < 58 * MINUTE_MS; passedMs += MINUTE_MS) await app.pass(MINUTE_MS);
    expect(polled).toEqual([]);

    await app.setHidden(false);
    await app.sent(2);
    expect(polled.filter((url) => url.endsWith('/nudge/token'))).toHaveLength(1);
    await app.shows('Ada has a token');

    // Hidden for a day: the SDK asks when a token has expired, and the page sends no other request.
    await app.setHidden(true);
    for (let hour = 0; hour < 24; hour += 1) await app.pass(HOUR_MS);
    expect((await app.requests()).length).toBeLessThanOrEqual(2 + 24);
  });

  it('keeps its token while the device is offline, and gets a new one when the network is back', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');

    await app.context.setOffline(true);
    await app.pass(30 * MINUTE_MS);
    await app.shows('Ada has a token');
    await app.pass(31 * MINUTE_MS);
    await app.shows('No token at the moment');
    expect(await app.text('detail')).toContain('The backend cannot be reached.');
    for (let passedMs = 0; passedMs < 5 * MINUTE_MS; passedMs += SDK_ASKS_AGAIN_MS) {
      await app.pass(SDK_ASKS_AGAIN_MS);
    }
    const offline = (await app.requests()).length;
    // Each attempt is one request and one retry. The pauses grow from 5 to 40 seconds.
    expect(offline).toBeLessThanOrEqual(1 + 2 * 13);

    await app.context.setOffline(false);
    const requests = await app.sent(offline + 1);
    expect(requests.at(-1)?.status).toBe(200);
    await app.pass(SDK_ASKS_AGAIN_MS);
    await app.shows('Ada has a token');
    expect(await app.requests()).toHaveLength(offline + 1);
  });

  it.each([
    { device: 'an hour ahead', clockOffsetMs: HOUR_MS },
    { device: 'an hour behind', clockOffsetMs: -HOUR_MS },
    { device: 'years behind', clockOffsetMs: -20 * 365 * 24 * HOUR_MS },
  ])('works on a device whose clock is $device', async ({ clockOffsetMs }) => {
    const app = await open({ clockOffsetMs });
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');

    expect(await app.text('countdown')).toMatch(/^(59:5\d|1:00:00)$/);
    await app.pass(44 * MINUTE_MS);
    await app.click('Send an event through the SDK');
    await app.page.getByText('sent with the token').waitFor();
    expect(await app.requests()).toHaveLength(1);
  });

  it.each(['light', 'dark'] as const)(
    'fits a small phone and has buttons large enough for a thumb, in the %s colour scheme',
    async (colorScheme) => {
      const app = await open({ colorScheme, viewport: { width: 320, height: 568 }, hasTouch: true });
      await app.click('Sign in as Ada');
      await app.shows('Ada has a token');
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await app.page.evaluate(overflow)).toBe(0);
      for (const button of await app.page.getByRole('button').all()) {
        expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      }
    },
  );
});
