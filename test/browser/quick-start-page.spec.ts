import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { describePage, HOUR_MS, MINUTE_MS, SDK_ASKS_AGAIN_MS, SECOND_MS } from './describe-page.js';
import type { OpenPage, RecordedRequest } from './open-page.js';

jest.setTimeout(30_000);

/** Milliseconds between one request and the next. */
function gapsMs(requests: readonly RecordedRequest[]): number[] {
  return requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? 0));
}

describePage('the page of the quick start', (open) => {
  describe('sign-in', () => {
    let app: OpenPage;
    beforeEach(async () => (app = await open()));

    it('brings a token with one request; no request comes before it, and the page stores nothing', async () => {
      await app.pass(2 * HOUR_MS);
      expect(await app.requests()).toEqual([]);

      await app.click('Sign in as Ada');
      await app.shows('Ada has a token');

      const [{ token = '' } = {}, ...others] = await app.requests();
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(others).toEqual([]);
      expect(await app.text('countdown')).toMatch(/^(59:5\d|1:00:00)$/);
      // The page shows the token only in part.
      expect(await app.page.content()).not.toContain(token);
      const stored = 'localStorage.length + sessionStorage.length + document.cookie.length';
      expect(await app.page.evaluate(stored)).toBe(0);
    });

    it('of another user brings another token', async () => {
      await app.click('Sign in as Ada');
      await app.shows('Ada has a token');
      await app.demo('token-life', { seconds: 2 * 3_600 });

      await app.click('Sign in as Grace');
      await app.shows('Grace has a token');

      const [adas, graces] = await app.requests();
      expect(graces?.token).not.toBe(adas?.token);
      expect(await app.text('token-expires')).toContain('120 min later');
    });
  });

  it('gets the next token before the first expires, without a visible gap', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');
    await app.watchTones();
    // Another life makes the next token a different one: two tokens of the same second and life are equal.
    await app.demo('token-life', { seconds: 2 * 3_600 });

    // Later than any refreshIn, which is at most 95 % of the life.
    await app.pass(58 * MINUTE_MS);
    const [first, second] = await app.sent(2);
    expect(second?.status).toBe(200);
    expect(second?.token).not.toBe(first?.token);

    await app.passSmoothly(2 * MINUTE_MS);
    await app.page.getByText('refreshToken(): the token has expired').waitFor();
    await app.page.getByText('a token, from memory').waitFor();
    await app.page.locator('#token-expires', { hasText: '120 min later' }).waitFor();
    expect(await app.requests()).toHaveLength(2);
    expect(await app.tones()).toEqual(['good']);
  });

  it('gets a new token each time when the demo’s control gives tokens of 30 s', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');
    await app.click('30 s');
    await app.page.locator('#token-expires', { hasText: '30 s later' }).waitFor();
    await app.watchTones();
    const before = (await app.requests()).length;

    for (let life = 1; life <= 3; life += 1) {
      // Time leaps past the expiry, as when a device has slept: then the client fetches when the SDK asks.
      await app.pass(31 * SECOND_MS);
      await app.sent(before + life);
      await app.shows('Ada has a token');
    }

    expect(await app.requests()).toHaveLength(before + 3);
    expect(await app.tones()).not.toContain('bad');
  });

  it('has a token while Nudge is down, then says clearly that it has none, then recovers without help', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');

    await app.click('Is down');
    await app.shows('Nudge is down, and Ada does not notice');
    await app.click('50 more visitors ask at once');
    await app.page.getByText('50 got a token').waitFor();
    await app.pass(61 * MINUTE_MS);
    expect((await app.sent(2))[1]?.status).toBe(200);
    await app.shows('Nudge is down, and Ada does not notice');

    await app.click('Forgets its token');
    await app.shows('No token at the moment');
    expect(await app.text('detail')).toBe('The backend cannot reach Nudge. The app goes on without Nudge.');
    expect(await app.text('retry')).toMatch(/^(Tries again in \d+ s|Trying again …)$/);

    for (let passedMs = 0; passedMs < 2 * MINUTE_MS; passedMs += SDK_ASKS_AGAIN_MS) {
      await app.pass(SDK_ASKS_AGAIN_MS);
    }
    const refused = (await app.requests()).slice(2);
    expect(refused.length).toBeGreaterThan(1);
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503));
    for (const [index, gapMs] of gapsMs(refused).entries()) {
      expect(gapMs).toBeGreaterThanOrEqual((refused[index]?.retryAfterS ?? 0) * SECOND_MS);
    }

    await app.click('Works');
    const headline = app.page.locator('#headline');
    while ((await headline.innerText()) !== 'Ada has a token') await app.pass(SDK_ASKS_AGAIN_MS);
    expect((await app.requests()).at(-1)?.status).toBe(200);
    expect(await app.page.locator('#retry').isVisible()).toBe(false);
  });

  it('does not loop on 401, and gets a token again after a new sign-in', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');

    await app.click('Is withdrawn');
    await app.shows('Ada’s sign-in is no longer accepted');
    for (let passedMs = 0; passedMs < 10 * MINUTE_MS; passedMs += SDK_ASKS_AGAIN_MS) {
      await app.pass(SDK_ASKS_AGAIN_MS);
    }

    // The SDK has asked two hundred times. Each attempt is one request and one repetition with renewed headers.
    const refused = (await app.requests()).slice(1);
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    const pausesMs = gapsMs(refused).filter((_gap, index) => index % 2 === 1);
    expect(pausesMs.length).toBeGreaterThanOrEqual(3);
    expect(pausesMs.length).toBeLessThanOrEqual(4);
    for (const [index, pauseMs] of pausesMs.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(30 * SECOND_MS * 2 ** index);
    }

    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');
    expect(await app.requests()).toHaveLength(1 + refused.length + 1);
  });

  it('renews an expired sign-in, and the user does not notice', async () => {
    const app = await open();
    await app.click('Sign in as Ada');
    await app.shows('Ada has a token');
    await app.watchTones();

    await app.click('Expires');

    expect((await app.sent(3)).map(({ status }) => status)).toEqual([200, 401, 200]);
    await app.shows('Ada has a token');
    expect(await app.tones()).not.toContain('bad');
  });

  it.each([
    { situation: 'when its request was aborted', ignoresAbort: false },
    { situation: 'when its answer still arrives', ignoresAbort: true },
  ])('drops the token that comes after the sign-out, $situation', async ({ ignoresAbort }) => {
    const app = await open();
    await app.page.evaluate(`window.recorded.ignoresAbort = ${ignoresAbort}`);
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let reached: () => void = () => {};
    const hasReached = new Promise<void>((resolve) => (reached = resolve));
    await app.page.route(
      '**/nudge/token',
      async (route) => {
        const response = await route.fetch();
        reached();
        await released;
        // If the page has aborted the request, the answer cannot be delivered.
        await route.fulfill({ response }).catch(() => undefined);
      },
      { times: 1 },
    );

    await app.click('Sign in as Ada');
    await hasReached;
    await app.shows('Getting a token for Ada');
    await app.click('Sign out');
    await app.shows('No user is signed in');
    release();
    const [late] = await app.sent(1);

    expect(late?.token !== undefined).toBe(ignoresAbort);
    await app.pass(2 * HOUR_MS);
    await app.shows('No user is signed in');
    expect(await app.text('token-none')).toBe('There is none.');
    await app.page.locator('#timeline .lane-page', { hasText: 'null' }).waitFor();
    expect(await app.requests()).toHaveLength(1);

    await app.demo('token-life', { seconds: 2 * 3_600 });
    await app.click('Sign in as Grace');
    await app.shows('Grace has a token');
    expect(await app.text('token-expires')).toContain('120 min later');
  });
});
